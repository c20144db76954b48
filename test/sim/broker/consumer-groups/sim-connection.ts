import type { ConsumerGroupBeat, ConsumerGroupBeatReply } from '../../../../broker/src/api/consumer-groups-api.ts'
import { CarriedBeats } from '../../../../broker/src/consumer-groups/asking/carried-beats.ts'
import type { Carrier } from '../../../../consumer/src/groups/beats/beat-connections.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { Life, SimBroker } from '../sim-broker.ts'
import type { World } from '../world.ts'
import { ASKER } from './asker.ts'

/** Longer than a broker tries. */
const CALL_MS = 20_000
const LEAST_MICROS = 100

/** A connection of a member's process to a broker's: what is sent arrives in order, and its end behind it. */
export class SimConnection implements Carrier {
  isOpen = true
  readonly #world: World
  readonly #random: SimRandom
  readonly #broker: SimBroker
  readonly #life: Life
  readonly #beats: CarriedBeats
  readonly #listeners = new Set<() => void>()
  /** Microseconds; the last of what was sent. */
  #arrivesAt = 0

  constructor(world: World, random: SimRandom, broker: SimBroker, life: Life) {
    this.#world = world
    this.#random = random
    this.#broker = broker
    this.#life = life
    this.#beats = new CarriedBeats(`${broker.id}.${random.next()}`)
  }

  /** The broker's process is still the one that it was opened to. */
  get isWhole(): boolean {
    return this.isOpen && this.#broker.life === this.#life
  }

  onLost(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Rejects where no answer comes. @throws TailraceError as ConsumerGroupsApi.ask */
  beat(beat: ConsumerGroupBeat): Promise<ConsumerGroupBeatReply> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new Error('no answer'))
      const late = this.#world.loop.after(CALL_MS * 1000, lost)
      const forget = this.onLost(lost)
      // Some are held up on the way.
      this.#arrive(this.#random.chance(0.9) ? LEAST_MICROS : this.#random.between(1, 500) * 1000, () => {
        const service = this.#life.node.consumerGroups.for(ASKER)
        service
          .ask(this.#beats.carry(beat, service))
          .then(resolve, reject)
          .finally(() => {
            late.cancel()
            forget()
          })
      })
    })
  }

  /** For both sides: the member's process learns of it at once, or is dead, and the broker's in its time. */
  end(): void {
    if (!this.isOpen) return
    this.isOpen = false
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
    const micros = this.#random.chance(0.8) ? this.#random.between(LEAST_MICROS, 2000) : this.#random.below(2_000_000)
    this.#arrive(micros, () => this.#beats.ended())
  }

  #arrive(micros: number, call: () => void): void {
    const { loop } = this.#world
    this.#arrivesAt = Math.max(this.#arrivesAt, loop.now + micros)
    loop.after(this.#arrivesAt - loop.now, () => this.#life.process.run(call))
  }
}
