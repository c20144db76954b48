import { type BrokerId, type EntryHeader, EntryKind, type LogIndex, type Term } from '@tailrace/schemas'
import type { Configuration, ConfigurationHeader } from '../../../broker/src/raft/config.ts'
import { couldLead, type Electable } from './electable.ts'
import type { StoredEntry } from './sim-disk.ts'

export type Property =
  | 'election-safety'
  | 'leader-append-only'
  | 'log-matching'
  | 'leader-completeness'
  | 'state-machine-safety'
  | 'monotone-commit'
  | 'committed-is-final'
  | 'durable-majority'
  | 'acknowledged-is-kept'
  | 'stale-read'
  | 'token-read'
  | 'snapshot-is-committed'
  | 'compacted-is-gone'
  | 'lost-log'
  | 'liveness'
  | 'core-assertion'

/** A property that does not hold: the end of a simulated history. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly property: Property
  constructor(property: Property, detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

/** The part of a broker that the checks see. */
export interface Observed extends Electable {
  /** The log as written; entry of index i in slot i - 1. */
  readonly log: readonly StoredEntry[]
  readonly isLeader: boolean
  readonly term: Term
}

interface Committed {
  readonly term: Term
  readonly value: number
  /** Term of the broker that was first seen to take it as committed. */
  readonly inTerm: Term
}

interface Seen {
  readonly term: Term
  readonly value: number
  readonly prevTerm: Term
}

/**
 * The safety properties of Raft (M74 to M79) over the state of all brokers, checked at every change and only for what
 * has changed: each broker reports elections, appended and truncated entries, and commits.
 */
export class Invariants {
  readonly #brokers: readonly Observed[]
  readonly #leaderOf = new Map<Term, BrokerId>()
  /** Every (term, content, previous term) that any log ever held at an index; slot i - 1. */
  readonly #seen: Seen[][] = []
  readonly #committed: Committed[] = []

  readonly #byId: ReadonlyMap<BrokerId, Observed>
  /** The last committed configuration: its members must have everything in the end. */
  configuration: Configuration
  /** No configuration has been appended yet: majorities are those of the founders. */
  #isFixed = true

  constructor(brokers: readonly Observed[]) {
    this.#brokers = brokers
    this.#byId = new Map(brokers.map((broker) => [broker.id, broker]))
    const all = { voters: brokers.map(({ id }) => id), outgoing: [], learners: [] }
    this.configuration = brokers[0]?.base ?? all
  }

  /** Whether the last committed configuration names this replica of the broker. */
  isMember({ id, admission }: Observed): boolean {
    const { voters, outgoing, learners, admissions } = this.configuration
    const isNamed = voters.includes(id) || outgoing.includes(id) || learners.includes(id)
    return isNamed && (admissions?.[id] ?? 0) === (admission ?? 0)
  }

  get commitIndex(): LogIndex {
    return this.#committed.length
  }

  /** M74: one leader a term. M77: it has every entry that was committed in an earlier term. */
  elected(broker: Observed, term: Term): void {
    const other = this.#leaderOf.get(term)
    // Twice in one term is one broker too many as well: it has forgotten that it led.
    if (other !== undefined)
      throw new Violation('election-safety', `term ${term} is led by ${other} and by ${broker.id}`)
    this.#leaderOf.set(term, broker.id)
    for (let index = 1; index <= this.#committed.length; index++) {
      if (this.#committed[index - 1]!.inTerm < term) this.#mustHold(broker, index)
    }
  }

  /**
   * M76: an index and a term name one content and one predecessor, in all logs and permanently; so equal ends mean
   * equal logs.
   */
  appended(broker: Observed, entry: StoredEntry): void {
    const { index, term } = entry.header
    if (entry.header.kind === EntryKind.Configuration) this.#isFixed = false
    const previous = index === 1 ? 0 : broker.log[index - 2]!.header.term
    const known = (this.#seen[index - 1] ??= [])
    for (const seen of known) {
      if (seen.term !== term) continue
      if (seen.value === entry.value && seen.prevTerm === previous) return
      throw new Violation(
        'log-matching',
        `entry (${index}, term ${term}) of broker ${broker.id} differs from another's`,
      )
    }
    known.push({ term, value: entry.value, prevTerm: previous })
  }

  /**
   * M75: a leader never removes. M79: no broker removes a committed entry. Called while the log still holds the
   * entries.
   */
  truncating(broker: Observed, from: LogIndex): void {
    if (broker.isLeader) throw new Violation('leader-append-only', `leader ${broker.id} truncates at ${from}`)
    const end = Math.min(broker.log.length, this.#committed.length)
    for (let index = from; index <= end; index++) {
      if (same(broker.log[index - 1], this.#committed[index - 1]!)) {
        throw new Violation('committed-is-final', `broker ${broker.id} removes committed entry ${index}`)
      }
    }
  }

  /**
   * M42: a state covers committed entries alone. M50: it removes no committed entry. Called before it takes the log's
   * place.
   */
  installing(broker: Observed, entries: readonly StoredEntry[]): void {
    entries.forEach((entry, slot) => {
      const known = this.#committed[slot]
      if (known === undefined)
        throw new Violation('snapshot-is-committed', `broker ${broker.id} installs entry ${slot + 1}, not committed`)
      if (!same(entry, known))
        throw new Violation('state-machine-safety', `broker ${broker.id} installs another entry ${slot + 1}`)
    })
    if (broker.log.length > entries.length) this.truncating(broker, entries.length + 1)
  }

  /** An entry that was ever in some log at `index`, discarded or not; null if there was none. */
  seenAt(index: LogIndex, pick: (count: number) => number): { readonly term: Term; readonly value: number } | null {
    const seen = this.#seen[index - 1]
    return seen === undefined ? null : seen[pick(seen.length)]!
  }

  /** M78: all brokers commit the same entry at an index. M96: committed entries are on a majority's disks. */
  committed(broker: Observed, from: LogIndex, to: LogIndex): void {
    if (to < from) throw new Violation('monotone-commit', `broker ${broker.id} goes back from ${from} to ${to}`)
    const before = this.#committed.length
    for (let index = from + 1; index <= to; index++) {
      const entry = broker.log[index - 1]
      const known = this.#committed[index - 1]
      if (entry === undefined) throw new Violation('state-machine-safety', `broker ${broker.id} lacks entry ${index}`)
      if (known === undefined) {
        this.#committed.push({ term: entry.header.term, value: entry.value, inTerm: broker.term })
        if (entry.header.kind === EntryKind.Configuration) this.#reconfigured(entry.header)
      } else if (!same(entry, known)) {
        throw new Violation('state-machine-safety', `broker ${broker.id} commits another entry ${index}`)
      }
    }
    if (this.#committed.length === before) return
    this.durableMajority()
    // Leader Completeness from the other side: leaders of later terms that lead already.
    for (const other of this.#brokers) {
      if (other.isLeader && other.term > broker.term) this.#mustHold(other, this.#committed.length)
    }
  }

  /**
   * M96: after any crash now, the last committed entry, and by Log Matching all before it, is not lost. With the same
   * voters all the time: a majority has fsynced it. Under changing configurations: no replica that lacks it could be
   * elected. After commits, and after crashes.
   */
  durableMajority(): void {
    const index = this.#committed.length
    if (index === 0) return
    if (!this.#isFixed) {
      for (const broker of this.#brokers) {
        if (this.isDurable(broker, index) || !couldLead(broker, this.#byId)) continue
        throw new Violation('durable-majority', `broker ${broker.id} could lead without committed entry ${index}`)
      }
      return
    }
    const { voters } = this.configuration
    let copies = 0
    for (const id of voters) if (this.isDurable(this.#byId.get(id)!, index)) copies++
    if (copies * 2 > voters.length) return
    throw new Violation('durable-majority', `committed entry ${index} is on ${copies} of ${voters.length} disks`)
  }

  #reconfigured(header: EntryHeader): void {
    this.configuration = (header as ConfigurationHeader).configuration
  }

  /** Whether the committed entry `index`, and by Log Matching all before it, is on the broker's disk. */
  isDurable(broker: Observed, index: LogIndex): boolean {
    return same(broker.durable[index - 1], this.#committed[index - 1]!)
  }

  #mustHold(broker: Observed, index: LogIndex): void {
    if (same(broker.log[index - 1], this.#committed[index - 1]!)) return
    throw new Violation(
      'leader-completeness',
      `leader ${broker.id} of term ${broker.term} lacks committed entry ${index}`,
    )
  }
}

function same(entry: StoredEntry | undefined, committed: Committed): boolean {
  return entry !== undefined && entry.header.term === committed.term && entry.value === committed.value
}
