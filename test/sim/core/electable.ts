import type { BrokerId } from '@tailrace/schemas'
import type { Configuration, IndexedConfiguration } from '../../../broker/src/raft/config.ts'
import type { StoredEntry } from './sim-disk.ts'

/** The facts about a replica that decide an election. */
export interface Electable {
  readonly id: BrokerId
  /** The log as fsynced. */
  readonly durable: readonly StoredEntry[]
  /**
   * The replica of the broker that it is; the configuration that governs while the fsynced log holds none, and those
   * that it holds.
   */
  readonly admission?: number
  readonly base?: Configuration
  readonly configurations?: readonly IndexedConfiguration[]
  /**
   * Its disk has lost synced entries: until others have restored them it neither votes nor leads, whatever is left of
   * its log.
   */
  readonly hasLostTail?: boolean
}

/**
 * Whether `candidate` would win an election if every broker crashed now and kept the fsynced entries: asked of the
 * brokers that lack a committed entry, which must never win. Written from the rules on paper (M13, M60, M66, M67), not
 * from the code under test, which counts acknowledgements instead; under changing configurations no count of copies
 * says who may win.
 */
export function couldLead(candidate: Electable, brokers: ReadonlyMap<BrokerId, Electable>): boolean {
  if (candidate.hasLostTail === true) return false
  const { now, before } = governing(candidate)
  const asks = votes(now, candidate) || (before !== undefined && votes(before, candidate))
  if (!asks) return false
  const grants = (id: BrokerId): boolean => {
    const voter = brokers.get(id)!
    return (voter === candidate || mayVote(voter)) && !isNewer(voter, candidate)
  }
  return majority(now.voters, grants) && (now.outgoing.length === 0 || majority(now.outgoing, grants))
}

function known({ base, configurations }: Electable): Configuration[] {
  const later = (configurations ?? []).map(({ configuration }) => configuration)
  return base === undefined ? later : [base, ...later]
}

function governing(broker: Electable): { now: Configuration; before: Configuration | undefined } {
  const all = known(broker)
  return { now: all.at(-1)!, before: all.at(-2) }
}

function votes({ voters, outgoing, admissions }: Configuration, { id, admission }: Electable): boolean {
  return (voters.includes(id) || outgoing.includes(id)) && (admissions?.[id] ?? 0) === (admission ?? 0)
}

/** It is named under its admission, or it was once and is not named at all; and it has lost nothing. */
function mayVote(broker: Electable): boolean {
  const { id, admission } = broker
  if (broker.hasLostTail === true) return false
  const naming = known(broker).filter(
    ({ voters, outgoing, learners }) => voters.includes(id) || outgoing.includes(id) || learners.includes(id),
  )
  const latest = governing(broker).now
  const mine = naming.filter(({ admissions }) => (admissions?.[id] ?? 0) === (admission ?? 0))
  return naming.includes(latest) ? mine.includes(latest) : mine.length > 0
}

function isNewer(one: Electable, other: Electable): boolean {
  const lastTerm = one.durable.at(-1)?.header.term ?? 0
  const otherTerm = other.durable.at(-1)?.header.term ?? 0
  return lastTerm > otherTerm || (lastTerm === otherTerm && one.durable.length > other.durable.length)
}

function majority(voters: readonly BrokerId[], holds: (id: BrokerId) => boolean): boolean {
  return voters.filter(holds).length * 2 > voters.length
}
