import type { GroupId, Term } from '@tailrace/schemas'

/**
 * Sleeping groups that this broker shares with another, in one of two roles. Number and digest are kept up to date, so
 * that two brokers can tell at every beat whether their sets agree, at a cost that does not grow with them. A digest is
 * the sum of a hash over (group, term): order does not matter, and a group that is removed leaves no trace. Equal
 * figures of different sets (one in 2^32) last until either set changes.
 */
export class SleepingSet {
  readonly #terms = new Map<GroupId, Term>()
  #digest = 0
  /** Rises with every change. */
  version = 0

  get size(): number {
    return this.#terms.size
  }

  get digest(): number {
    return this.#digest
  }

  has(group: GroupId, term: Term): boolean {
    return this.#terms.get(group) === term
  }

  groups(): Iterable<GroupId> {
    return this.#terms.keys()
  }

  add(group: GroupId, term: Term): void {
    this.remove(group)
    this.#terms.set(group, term)
    this.#digest = (this.#digest + hashOf(group, term)) >>> 0
    this.version++
  }

  remove(group: GroupId): void {
    const term = this.#terms.get(group)
    if (term === undefined) return
    this.#terms.delete(group)
    this.#digest = (this.#digest - hashOf(group, term)) >>> 0
    this.version++
  }

  list(): { group: GroupId; term: Term }[] {
    return [...this.#terms].map(([group, term]) => ({ group, term }))
  }
}

/** A finaliser of MurmurHash3 over both numbers: neighbouring groups and terms do not cancel out in a sum. */
function hashOf(group: GroupId, term: Term): number {
  let hash = Math.imul(group ^ Math.imul(term, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
