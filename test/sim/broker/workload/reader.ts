import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../../../broker/src/partition/requests.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { SimBroker } from '../sim-broker.ts'
import type { World } from '../world.ts'
import type { PartitionLedger } from './partition-ledger.ts'

const WAIT_MS = 200
const ATTEMPT_MS = 6_000

/**
 * Reads partitions, from leaders through any broker and from replicas as they are, and compares the records with all
 * that were ever shown.
 */
export class SimReader {
  readonly #world: World
  readonly #random: SimRandom

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  async run(ledgers: readonly PartitionLedger[]): Promise<void> {
    while (this.#world.open) {
      const ledger = this.#random.pick(ledgers)
      const end = this.#world.watch.groups.get(ledger.group)?.committedEnd ?? 0
      let offset = this.#random.chance(0.3) ? 0 : this.#random.below(end + 1)
      const broker = this.#world.anyBroker(this.#random)
      const fromReplica = this.#random.chance(0.5)
      for (let turns = this.#random.between(1, 6); turns > 0 && this.#world.open; turns--) {
        const next = await this.#read(ledger, broker, fromReplica, offset)
        if (next === offset) break
        offset = next
      }
      await this.#world.pause(this.#random.between(5, 60))
    }
  }

  async #read(ledger: PartitionLedger, broker: SimBroker, fromReplica: boolean, offset: Offset): Promise<Offset> {
    const maxBytes = this.#random.pick([1, 1_000, 100_000])
    try {
      const result = fromReplica
        ? await fetchReplica(this.#world, broker, ledger, offset, maxBytes)
        : await this.#world.call(
            broker,
            ({ node }) => node.api.fetch(ledger.topic, ledger.partition, { offset, maxBytes, waitMs: WAIT_MS }),
            ATTEMPT_MS,
          )
      this.#world.shown(ledger, offset, result)
      return result.nextOffset
    } catch {
      return offset
    }
  }
}

/** Reads one broker's own replica, whether it leads or not. */
export function fetchReplica(
  world: World,
  broker: SimBroker,
  ledger: PartitionLedger,
  offset: Offset,
  maxBytes: number,
): Promise<FetchResult> {
  return world.call(
    broker,
    ({ groups }) => {
      const group = groups.get(ledger.group)
      if (group === undefined) return Promise.reject(new Error('no replica here'))
      return group.fetch({ offset, maxBytes, waitMs: WAIT_MS })
    },
    ATTEMPT_MS,
  )
}
