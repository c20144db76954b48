import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import type { SimBroker } from '../sim-broker.ts'
import type { World } from '../world.ts'
import type { PartitionLedger } from './partition-ledger.ts'

const PATIENCE_MS = 4_000
/** Pending reads of one reader: some are to be waiting when a process that stood still continues. */
const AT_ONCE = 4

/**
 * Asks for the ends of partitions, linearizably (M24): each answer covers all offsets that any client was told before
 * the request, and no record that somebody was told to be deleted by then.
 */
export class LinearizableReader {
  readonly #world: World
  readonly #random: SimRandom

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  /** Not in every seed. */
  run(ledgers: readonly PartitionLedger[]): void {
    if (this.#random.chance(0.5)) return
    for (let reader = 0; reader < AT_ONCE; reader++) void this.#readOn(ledgers)
  }

  async #readOn(ledgers: readonly PartitionLedger[]): Promise<void> {
    while (this.#world.open) {
      await this.#read(this.#random.pick(ledgers))
      await this.#world.pause(this.#random.between(5, 100))
    }
  }

  async #read(ledger: PartitionLedger): Promise<void> {
    const { topic, partition, group } = ledger
    const told = this.#world.watch.groups.get(group)?.toldEnd ?? 0
    const broker = this.#whoLeads(group) ?? this.#world.anyBroker(this.#random)
    try {
      const { highWatermark } = await this.#world.call(
        broker,
        ({ node }) => node.api.findOffset(topic, partition, { kind: 'LATEST', value: 0 }, { linearizable: true }),
        PATIENCE_MS,
      )
      if (highWatermark >= told) return await this.#readDeleted(ledger, broker)
      this.#world.watch.report(
        new Finding(
          'stale-read',
          `broker ${broker.id} ends ${topic}/${partition} at ${highWatermark}, ${told} was told before`,
        ),
      )
    } catch {
      // Not answered: then no answer was wrong.
    }
  }

  async #readDeleted({ topic, partition, group }: PartitionLedger, broker: SimBroker): Promise<void> {
    const told = this.#world.watch.groups.get(group)?.deletionTold ?? 0
    if (told === 0) return
    const request = { offset: told - 1, maxBytes: 1, waitMs: 0, linearizable: true }
    const { logStart } = await this.#world.call(
      broker,
      ({ node }) => node.api.fetch(topic, partition, request),
      PATIENCE_MS,
    )
    const detail = `broker ${broker.id} serves ${topic}/${partition} at ${told - 1}, from ${logStart} on`
    this.#world.watch.report(new Finding('deleted-is-not-served', detail))
  }

  /** Half the time one that takes itself for the leader: a deposed leader that does not know it may answer wrongly. */
  #whoLeads(group: number): SimBroker | undefined {
    if (this.#random.chance(0.5)) return undefined
    const leaders = this.#world.inService.filter((broker) => broker.life?.groups.get(group)?.isLeader)
    return leaders.length === 0 ? undefined : this.#random.pick(leaders)
  }
}
