import type { ProducerId } from '@tailrace/schemas'
import { ANONYMOUS } from '../../security/identity/principal.ts'

/** Ids of one owner number: 2^31, so that four million numbers fit what a number can hold exactly. */
export const IDS_OF_OWNER = 2 ** 31
const LAST_NUMBER = 2 ** 22 - 1
export const MOST_OWNERS = 100_000
/**
 * A forced metadata group may have lost commands, and what those gave out: beyond it nothing has been given. As many
 * ids as ten thousand blocks of a broker.
 */
const IDS_SKIPPED = 10_000_000
const NUMBERS_SKIPPED = 1000

/** A principal has the ids from `number` × IDS_OF_OWNER on; those below `next` of them have been given out. */
export interface ProducerOwner {
  readonly number: number
  readonly principal: string
  readonly next: number
}

/** The counters of the metadata's head that this is about. */
export interface ProducerCounters {
  /** The next id of those that belong to nobody: from 0 on, below any owner's. */
  nextProducer: ProducerId
  /** The last owner number that was given out, or passed over. */
  lastOwner: number
}

/**
 * The principals to which producer ids were given. Ids of anonymous clients belong to nobody, as those of the time
 * before owners do: any principal may use them.
 */
export class ProducerOwners {
  readonly #counters: ProducerCounters
  readonly #owners = new Map<number, ProducerOwner>()
  /** By principal: the number from which it gets ids now. */
  readonly #present = new Map<string, number>()

  constructor(counters: ProducerCounters) {
    this.#counters = counters
  }

  all(): Iterable<ProducerOwner> {
    return this.#owners.values()
  }

  put(owner: ProducerOwner): void {
    this.#owners.set(owner.number, owner)
    const present = this.#present.get(owner.principal)
    if (present === undefined || present < owner.number) this.#present.set(owner.principal, owner.number)
  }

  clear(): void {
    this.#owners.clear()
    this.#present.clear()
  }

  /** Null: there are no more. `owner`: what has changed, unless the ids belong to nobody. */
  take(principal: string, count: number): { first: ProducerId; owner?: ProducerOwner } | null {
    const counters = this.#counters
    const first = counters.nextProducer
    const isLast = numberOf(first) !== numberOf(first + count - 1) || this.#owners.has(numberOf(first))
    if (principal === ANONYMOUS && !isLast) {
      counters.nextProducer += count
      return { first }
    }
    const present = this.#owners.get(this.#present.get(principal) ?? -1)
    const fits = present !== undefined && present.next + count <= IDS_OF_OWNER
    const before = fits ? present : this.#another(principal)
    if (before === null) return null
    const owner = { ...before, next: before.next + count }
    this.put(owner)
    return { first: owner.number * IDS_OF_OWNER + before.next, owner }
  }

  /** Whose id it is; ANONYMOUS: anybody's. */
  ownerOf(id: ProducerId): string {
    return this.#owners.get(numberOf(id))?.principal ?? ANONYMOUS
  }

  /** Whether the cluster has given it out, as far as is known here. */
  isGiven(id: ProducerId): boolean {
    const owner = this.#owners.get(numberOf(id))
    return owner === undefined ? id < this.#counters.nextProducer : id % IDS_OF_OWNER < owner.next
  }

  /** What was given out may have been lost. */
  skip(): ProducerOwner[] {
    this.#counters.lastOwner += NUMBERS_SKIPPED
    const skipped = [...this.#owners.values()].map((owner) => {
      return { ...owner, next: Math.min(IDS_OF_OWNER, owner.next + IDS_SKIPPED) }
    })
    for (const owner of skipped) this.put(owner)
    return skipped
  }

  #another(principal: string): ProducerOwner | null {
    const counters = this.#counters
    const number = Math.max(counters.lastOwner, numberOf(counters.nextProducer)) + 1
    if (number > LAST_NUMBER || this.#owners.size >= MOST_OWNERS) return null
    counters.lastOwner = number
    return { number, principal, next: 0 }
  }
}

function numberOf(id: ProducerId): number {
  return Math.floor(id / IDS_OF_OWNER)
}
