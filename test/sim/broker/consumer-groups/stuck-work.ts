import type { DeclinedPartition, LeasedPartition } from '../../../../broker/src/api/consumer-groups-api.ts'
import { DeclinedLeases } from '../../../../consumer/src/groups/beats/declined-leases.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { World } from '../world.ts'

/** Until it is looked again whether handlers may return. */
const LOOK_MS = 200

/** A lease whose handler is stuck. */
interface Stuck {
  readonly lease: LeasedPartition
  /** It has been so for longer than the limit. */
  isLate: boolean
}

/**
 * The handlers of one member that are stuck: beyond a limit the lease is given up, and the partition declined, by the
 * shipped rules.
 */
export class StuckWork {
  readonly #world: World
  readonly #random: SimRandom
  readonly #declined = new DeclinedLeases()
  /** By token. */
  readonly #stuck = new Map<number, Stuck>()
  /** Handlers that are stuck stay so until they may return. */
  #stays = false

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  has({ token }: { readonly token: number }): boolean {
    return this.#stuck.has(token)
  }

  /** Whether the member declines the partition, or will once its handlers are beyond the limit. */
  concerns(place: { readonly topicId: string; readonly partition: number }): boolean {
    if (this.#declined.has(place)) return true
    return [...this.#stuck.values()].some(({ lease }) => {
      return lease.topicId === place.topicId && lease.partition === place.partition
    })
  }

  get isOver(): boolean {
    return this.#stuck.size === 0 && this.#declined.size === 0
  }

  stay(): void {
    this.#stays = true
  }

  mayReturn(): void {
    this.#stays = false
  }

  /** A handler of the lease is stuck. Resolves when it has returned. */
  async stick(lease: LeasedPartition, limitMs: number): Promise<void> {
    const stuck: Stuck = { lease, isLate: false }
    this.#stuck.set(lease.token, stuck)
    await this.#world.pause(limitMs)
    stuck.isLate = true
    await this.#world.pause(this.#random.between(100, 4_000))
    while (this.#stays) await this.#world.pause(LOOK_MS)
    this.#stuck.delete(lease.token)
    this.#declined.returned(lease)
  }

  /** A beat is about to leave. Returns those of its leases that the member gives up with it. */
  givenUp(owned: readonly { readonly token: number }[]): readonly LeasedPartition[] {
    const late = owned.flatMap(({ token }) => this.#stuck.get(token) ?? []).filter(({ isLate }) => isLate)
    for (const { lease } of late) this.#declined.add({ ...lease, slot: 0 })
    return late.map(({ lease }) => lease)
  }

  fields(): readonly DeclinedPartition[] {
    return this.#declined.fields()
  }

  answered(reply: { readonly assignment: readonly LeasedPartition[] }): void {
    this.#declined.answered({ assignment: [...reply.assignment] })
  }

  declines(place: { readonly topicId: string; readonly partition: number }): boolean {
    return this.#declined.has(place)
  }

  /** The member is another one from now on. */
  begunAnew(): void {
    this.#declined.begunAnew()
  }
}
