import type { Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi } from '../../../../broker/src/api/broker-api.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { SimCascade } from '../cascade/sim-cascade.ts'
import { Finding } from '../finding.ts'
import type { World } from '../world.ts'
import type { PartitionLedger } from './partition-ledger.ts'

const WAIT_MS = 200
const ATTEMPT_MS = 6_000

/** A broker of any level, as a reader sees it. */
interface Place {
  readonly name: string
  readonly level: number
  ask<Result>(call: (api: BrokerApi) => Promise<Result>): Promise<Result>
  /** Null at level 0. */
  readonly cascade: SimCascade | null
}

/**
 * Reads on from one broker to another, of all levels: its position never goes back, and no broker refuses it because it
 * is ahead.
 */
export class LevelReader {
  readonly #world: World
  readonly #random: SimRandom

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  async run(ledgers: readonly PartitionLedger[]): Promise<void> {
    while (this.#world.open) {
      await this.#readOn(this.#random.pick(ledgers))
      await this.#world.pause(this.#random.between(5, 60))
    }
  }

  async #readOn(ledger: PartitionLedger): Promise<void> {
    let place = this.#anyPlace()
    let position = await this.#begin(place, ledger)
    if (position === null) return
    for (let turns = this.#random.between(2, 12); turns > 0 && this.#world.open; turns--) {
      const next = await this.#read(place, ledger, position)
      if (next === null || this.#random.chance(0.4)) {
        const other = this.#anyPlace()
        if (other.level !== place.level) this.#world.levelMoves++
        place = other
      }
      position = next ?? position
    }
  }

  /** Null: no answer. */
  async #begin(place: Place, { topic, partition, group }: PartitionLedger): Promise<Offset | null> {
    const kind = this.#random.chance(0.5) ? 'EARLIEST' : 'LATEST'
    try {
      const { offset } = await place.ask((api) => api.findOffset(topic, partition, { kind, value: 0 }))
      const committed = this.#world.watch.groups.get(group)?.committedEnd ?? 0
      if (offset <= committed) return offset
      const detail = `${place.name} says that ${topic}/${partition} is at ${offset}, ${committed} is committed`
      this.#world.watch.report(new Finding('committed-only', detail))
    } catch {
      // Not answered.
    }
    return null
  }

  /** Null: no answer. */
  async #read(place: Place, ledger: PartitionLedger, offset: Offset): Promise<Offset | null> {
    const { topic, partition } = ledger
    const maxBytes = this.#random.pick([1, 1_000, 100_000])
    try {
      const result = await place.ask((api) => api.fetch(topic, partition, { offset, maxBytes, waitMs: WAIT_MS }))
      if (result.nextOffset < offset) this.#takenBack(place, ledger, `from ${offset} to ${result.nextOffset}`)
      else this.#world.shown(ledger, offset, result)
      return result.nextOffset
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'OFFSET_OUT_OF_RANGE') this.#refused(place, ledger, offset)
      return null
    }
  }

  /** Retention may have deleted the records there, or the broker has not had them since its copy began anew. */
  #refused(place: Place, ledger: PartitionLedger, offset: Offset): void {
    const { topic, partition, group } = ledger
    const copy = place.cascade?.copyOf(topic, partition)
    if (copy === undefined) return
    const start = Math.max(copy.logStart, this.#world.watch.groups.get(group)!.start)
    if (offset >= start) this.#takenBack(place, ledger, `refused at ${offset}, past ${start}`)
  }

  #takenBack(place: Place, { topic, partition }: PartitionLedger, how: string): void {
    const detail = `${place.name}: a reader of ${topic}/${partition} is taken back, ${how}`
    this.#world.watch.report(new Finding('monotone-over-levels', detail))
  }

  #anyPlace(): Place {
    const world = this.#world
    if (this.#random.chance(0.3)) {
      const broker = world.anyBroker(this.#random)
      const ask: Place['ask'] = (call) => world.call(broker, ({ node }) => call(node.api), ATTEMPT_MS)
      return { name: `broker ${broker.id}`, level: 0, ask, cascade: null }
    }
    const { up, all } = world.cascades
    const cascade = this.#random.pick(up.length > 0 ? up : all)
    const ask: Place['ask'] = (call) => world.call(cascade, ({ api }) => call(api), ATTEMPT_MS)
    return { name: `cascade broker ${cascade.id}`, level: cascade.level, ask, cascade }
  }
}
