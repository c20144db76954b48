import { Fifo } from '@tailrace/client'
import { type Lease, type PartitionId, partitionKey, type StuckRecord } from './beat-messages.ts'
import type { BeatAnswer, BeatFields } from './coordinator.ts'
import { MOST_LEASES, type Pulse } from './pulse.ts'

/** The leases that a member has, as its beats tell of them. */
export class OwnedLeases {
  readonly #leases = new Map<string, Lease>()
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

  /** Takes over what the coordinator says; a partition that is being revoked stays until it is released. */
  absorb({ assignment, revoke }: Pick<BeatAnswer, 'assignment' | 'revoke'>, pulse: Pulse): void {
    const kept = new Set(revoke.map(partitionKey))
    for (const { topic, topicId, partition, token, offset, term, metadata } of assignment) {
      const key = partitionKey({ topicId, partition })
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
  }

  /** Returns whether it was there. */
  release(partition: PartitionId, token: number, pulse: Pulse): boolean {
    const key = partitionKey(partition)
    const lease = this.#leases.get(key)
    if (lease?.token !== token) return false
    this.#free(key, lease, pulse)
    return true
  }

  clear(pulse: Pulse): void {
    for (const [key, lease] of this.#leases) this.#free(key, lease, pulse)
  }

  /** Records that have been handled for longer than `limitMs`. `isNew`: not returned as such before. */
  stuck(pulse: Pulse, now: number, limitMs: number): { readonly record: StuckRecord; readonly isNew: boolean }[] {
    const found: { record: StuckRecord; isNew: boolean }[] = []
    for (const { topic, topicId, partition, slot } of this.#leases.values()) {
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
    this.#freeSlots.push(slot)
    this.#told.delete(slot)
    pulse.release(slot)
  }
}
