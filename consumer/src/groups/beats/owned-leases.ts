import { Fifo } from '@tailrace/client'
import { type GivenUpLease, type Lease, type PartitionId, partitionKey, type StuckRecord } from './beat-messages.ts'
import type { BeatAnswer, BeatFields } from './coordinator.ts'
import { DeclinedLeases } from './declined-leases.ts'
import { MOST_LEASES, type Pulse } from './pulse.ts'

/** The leases that a member has, as its beats tell of them. */
export class OwnedLeases {
  readonly #leases = new Map<string, Lease>()
  readonly #declined = new DeclinedLeases()
  /** Tokens of leases that were given back, by partition, until an answer says that they are over or go on. */
  readonly #released = new Map<string, number>()
  readonly #freeSlots = new Fifo<number>()
  /** The hand-outs that were told as stuck, by slot. */
  readonly #told = new Map<number, number>()
  #slots = 0

  get fields(): BeatFields['owned'] {
    return [...this.#leases.values()].map(({ topicId, partition, token }) => ({ topicId, partition, token }))
  }

  get leases(): readonly Lease[] {
    return [...this.#leases.values()]
  }

  /** Whether it declines partitions. */
  get declines(): boolean {
    return this.#declined.size > 0
  }

  /** For the beat that leaves now: partitions that were given up, and are not taken again yet. */
  declined(): NonNullable<BeatFields['declined']> {
    return this.#declined.fields()
  }

  /**
   * Takes over what the coordinator says to the last beat; a partition that is being revoked stays until it is
   * released. Whether a beat is to follow at once.
   */
  absorb({ assignment, revoke }: Pick<BeatAnswer, 'assignment' | 'revoke'>, pulse: Pulse): boolean {
    const { over, isNews } = this.#declined.answered({ assignment })
    for (const { slot } of over) this.#freeSlotOf(slot, pulse)
    const revoked = new Set(revoke.map(partitionKey))
    const kept = new Set(revoked)
    const tokens = new Map(assignment.map((lease) => [partitionKey(lease), lease.token]))
    for (const [key, token] of this.#released) {
      if (tokens.get(key) !== token || !revoked.has(key)) this.#released.delete(key)
    }
    for (const { topic, topicId, partition, token, offset, term, metadata } of assignment) {
      const key = partitionKey({ topicId, partition })
      // What was given back while this beat was under way is not taken again, unless its revocation was taken back.
      if (this.#declined.has({ topicId, partition }) || this.#released.has(key)) continue
      kept.add(key)
      const known = this.#leases.get(key)
      if (known?.token === token) continue
      if (known !== undefined) this.#free(key, known, pulse)
      const slot = this.#freeSlot()
      if (slot === undefined) continue
      pulse.release(slot)
      this.#leases.set(key, { topic, topicId, partition, token, offset, term, metadata, slot })
    }
    for (const [key, lease] of this.#leases) if (!kept.has(key)) this.#free(key, lease, pulse)
    return isNews
  }

  /** Gives a lease up, and declines its partition. Returns its token; undefined: there is none, or no room. */
  giveUp(partition: PartitionId, pulse: Pulse): number | undefined {
    const lease = this.#leases.get(partitionKey(partition))
    if (lease === undefined || this.#declined.isFull) return undefined
    this.#leases.delete(partitionKey(partition))
    pulse.giveUp(lease.slot, lease.token)
    this.#declined.add(lease)
    return lease.token
  }

  /** The handlers of a lease that was given up have returned. Whether a beat is to say so. */
  returned(lease: GivenUpLease): boolean {
    return this.#declined.returned(lease)
  }

  /** No partition is declined any more. */
  declineNothing(pulse: Pulse): void {
    for (const { slot } of this.#declined.clear()) this.#freeSlotOf(slot, pulse)
  }

  /** Returns whether it was there. */
  release(partition: PartitionId, token: number, pulse: Pulse): boolean {
    const key = partitionKey(partition)
    const lease = this.#leases.get(key)
    if (lease?.token !== token) return false
    this.#released.set(key, token)
    this.#free(key, lease, pulse)
    return true
  }

  /** The leases are gone, and the member is another one. It declines what its handlers still have. */
  clear(pulse: Pulse): void {
    this.#released.clear()
    for (const [key, lease] of this.#leases) this.#free(key, lease, pulse)
    for (const { slot } of this.#declined.begunAnew()) this.#freeSlotOf(slot, pulse)
  }

  /**
   * Records that have been handled for longer than `limitMs`, also of leases that were given up. `isNew`: not returned
   * as such before.
   */
  stuck(pulse: Pulse, now: number, limitMs: number): { readonly record: StuckRecord; readonly isNew: boolean }[] {
    const found: { record: StuckRecord; isNew: boolean }[] = []
    for (const { topic, topicId, partition, slot } of [...this.#leases.values(), ...this.#declined.leases]) {
      const held = pulse.held(slot)
      if (held === undefined || now - held.since <= limitMs) continue
      const { since, offset } = held
      found.push({
        record: { topic, topicId, partition, offset, heldMs: now - since },
        isNew: this.#told.get(slot) !== since,
      })
      this.#told.set(slot, since)
    }
    return found
  }

  /** The one that has been free for longest: a handler of its former lease may still be at work. */
  #freeSlot(): number | undefined {
    return this.#slots < MOST_LEASES ? this.#slots++ : this.#freeSlots.shift()
  }

  #free(key: string, { slot }: Lease, pulse: Pulse): void {
    this.#leases.delete(key)
    this.#freeSlotOf(slot, pulse)
  }

  #freeSlotOf(slot: number, pulse: Pulse): void {
    this.#freeSlots.push(slot)
    this.#told.delete(slot)
    pulse.release(slot)
  }
}
