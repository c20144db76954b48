import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Configuration } from '../../raft/config.ts'
import { MAX_TERM_LEAP } from '../../raft/election/term-rules.ts'
import type { GroupCalls } from './group-calls.ts'
import type { GroupReport } from './group-requests.ts'

const ASK_MS = 2000

export interface ForcedMembersSurvey {
  /** The member with the longest log: entries that it lacks are lost. */
  readonly leader: BrokerId
  /** Members of the present configuration that are not to be members any more. */
  readonly lost: readonly BrokerId[]
  /** The largest term that any replica that answers has, as far as elections can have led to it. */
  readonly term: Term
}

/**
 * Whether the members of a group may be forced (M83), and which of them has to lead: asks every replica that can be
 * asked.
 * @param candidates brokers that may hold a replica
 * @throws TailraceError QUORUM_ALIVE while a majority of the present configuration answers; INVALID_MEMBERS when one of
 * `members` does not, or is no member
 */
export async function examine(
  calls: GroupCalls,
  group: GroupId,
  candidates: readonly BrokerId[],
  members: readonly BrokerId[],
): Promise<ForcedMembersSurvey> {
  if (members.length === 0 || new Set(members).size !== members.length) throw new TailraceError('INVALID_MEMBERS')
  const asked = [...new Set([...candidates, ...members])].map((broker) =>
    calls.reportOf(broker, group, ASK_MS).catch(() => null),
  )
  const heard = (await Promise.all(asked)).filter((report) => report !== null)
  const reports = heard.filter(isWhole)
  const answered = new Set(reports.map(({ broker }) => broker))
  const silent = members.find((id) => !answered.has(id))
  if (silent !== undefined) {
    throw new TailraceError('INVALID_MEMBERS', `Broker ${silent} does not answer, or has no whole replica.`)
  }
  const newest = reports.reduce((best, report) => (isNewer(report, best) ? report : best))
  const { configuration } = newest.status
  if (hasQuorum(configuration, answered)) throw new TailraceError('QUORUM_ALIVE')
  const named = [...configuration.voters, ...configuration.outgoing, ...configuration.learners]
  const stranger = members.find((id) => !named.includes(id))
  if (stranger !== undefined) throw new TailraceError('INVALID_MEMBERS', `Broker ${stranger} is no member now.`)
  const { broker: leader, status } = reports
    .filter(({ broker }) => members.includes(broker))
    .reduce((best, report) => (isNewer(report, best) ? report : best))
  // The other members would not take a term that lies too far ahead of theirs.
  const terms = heard.map((report) => report.status.term).filter((term) => term <= status.term + MAX_TERM_LEAP)
  const term = Math.max(...terms)
  return { leader, lost: [...new Set(named)].filter((id) => !members.includes(id)), term }
}

/** A replica that is in quarantine or has stopped is no help to a quorum. */
function isWhole({ status }: GroupReport): boolean {
  return status.trouble === null
}

/** As elections compare logs (M5). */
export function isNewer(a: GroupReport, b: GroupReport): boolean {
  if (a.lastTerm !== b.lastTerm) return a.lastTerm > b.lastTerm
  return a.status.lastIndex > b.status.lastIndex
}

function hasQuorum({ voters, outgoing }: Configuration, alive: ReadonlySet<BrokerId>): boolean {
  const isMajority = (set: readonly BrokerId[]): boolean => set.filter((id) => alive.has(id)).length * 2 > set.length
  return isMajority(voters) && (outgoing.length === 0 || isMajority(outgoing))
}
