import type { LevelBrokerFields } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'

/** Behind it a broker of level 0 asks the metadata leader, and clients are many. */
const freshMs = 1_000

interface Told {
  readonly clusterId: string
  readonly brokers: readonly LevelBrokerFields[]
}

/** The brokers of all levels, as clients are told them to choose one: looked up once a second for all clients. */
export class SharedBrokers {
  readonly #api: Pick<BrokerApi, 'describeCluster'>
  readonly #clock: Clock
  #lookedAt = Number.NEGATIVE_INFINITY
  #told: Promise<Told> | null = null

  constructor(api: Pick<BrokerApi, 'describeCluster'>, clock: Clock) {
    this.#api = api
    this.#clock = clock
  }

  /** @throws TailraceError what the broker answers */
  get(): Promise<Told> {
    const now = this.#clock.monotonic()
    if (this.#told !== null && now - this.#lookedAt < freshMs) return this.#told
    this.#lookedAt = now
    this.#told = this.#look()
    return this.#told
  }

  async #look(): Promise<Told> {
    const { clusterId, brokers } = await this.#api.describeCluster()
    return {
      clusterId,
      brokers: brokers.map(({ id, http, level, alive, rack = '', load = null, topics = [] }) => {
        return { id, http, level, alive, rack, load, topics }
      }),
    }
  }
}
