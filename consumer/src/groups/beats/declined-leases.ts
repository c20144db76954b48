import { type GivenUpLease, type Lease, type PartitionId, partitionKey } from './beat-messages.ts'
import type { BeatAnswer, BeatFields } from './coordinator.ts'

/** As many as a beat may have. */
const MOST_DECLINED = 1000

interface Declined {
  /** The lease that was given up; its slot stays as it is, for its handlers still run. */
  readonly lease: Lease
  /** Of the latest lease of this partition that the member does not take. */
  token: number
  /** The coordinator has taken that lease back. */
  isFree: boolean
  hasReturned: boolean
  /** The beat that is under way tells that the handlers have returned. */
  isTold: boolean
}

/**
 * Partitions that a member has given up because of a stuck handler. It declines each with every beat until its handlers
 * have returned, and a beat that says so is answered: so a coordinator that begins meanwhile knows it, too. It works
 * under a token that it has given up never again, whatever beats and answers are late.
 */
export class DeclinedLeases {
  readonly #declined = new Map<string, Declined>()

  get leases(): readonly Lease[] {
    return [...this.#declined.values()].map(({ lease }) => lease)
  }

  get size(): number {
    return this.#declined.size
  }

  get isFull(): boolean {
    return this.#declined.size >= MOST_DECLINED
  }

  has(partition: PartitionId): boolean {
    return this.#declined.has(partitionKey(partition))
  }

  add(lease: Lease): void {
    const { token } = lease
    this.#declined.set(partitionKey(lease), { lease, token, isFree: false, hasReturned: false, isTold: false })
  }

  /** For the beat that leaves now. */
  fields(): NonNullable<BeatFields['declined']> {
    return [...this.#declined.values()].map((one) => {
      one.isTold = one.hasReturned && one.isFree
      const { topicId, partition } = one.lease
      return { topicId, partition, token: one.token, ended: one.isTold }
    })
  }

  /** The handlers of the lease have returned. Whether a beat is to say so. */
  returned(lease: GivenUpLease): boolean {
    const known = this.#declined.get(partitionKey(lease))
    if (known?.lease.token !== lease.token) return false
    known.hasReturned = true
    return true
  }

  /**
   * What the coordinator has answered to the last beat. `over`: they are not declined any more. `isNews`: a beat is to
   * follow at once.
   */
  answered({ assignment }: Pick<BeatAnswer, 'assignment'>): {
    readonly over: readonly Lease[]
    readonly isNews: boolean
  } {
    const tokens = new Map(assignment.map((lease) => [partitionKey(lease), lease.token]))
    const over: Lease[] = []
    let isNews = false
    for (const [key, one] of this.#declined) {
      const token = tokens.get(key)
      if (one.isTold) {
        this.#declined.delete(key)
        over.push(one.lease)
      } else if (token === undefined) {
        isNews ||= one.hasReturned
        one.isFree = true
      } else {
        // A coordinator that has not heard of it yet has given it to this member again.
        isNews ||= token !== one.token
        one.token = token
        one.isFree = false
      }
    }
    return { over, isNews }
  }

  /** The member is another one from now on, without leases. Returns those that are not declined any more. */
  begunAnew(): readonly Lease[] {
    const over: Lease[] = []
    for (const [key, one] of this.#declined) {
      one.isFree = true
      if (!one.hasReturned) continue
      this.#declined.delete(key)
      over.push(one.lease)
    }
    return over
  }

  /** Returns what was declined. */
  clear(): readonly Lease[] {
    const { leases } = this
    this.#declined.clear()
    return leases
  }
}
