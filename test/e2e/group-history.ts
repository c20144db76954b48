import type { GroupOptions } from '@tailrace/consumer'

/** How a member process is started. */
export interface MemberPlan {
  readonly servers: readonly string[]
  readonly group: string
  readonly topic: string
  /** How long the handler takes over a record. */
  readonly workMs: number
  readonly options: Pick<
    GroupOptions,
    | 'instanceId'
    | 'sessionTimeoutMs'
    | 'leaveOnDisconnect'
    | 'autoCommit'
    | 'heartbeats'
    | 'handlerTimeoutMs'
    | 'stuckHandlers'
  >
  /** It handles so many records at a time, each partition in order; missing: a loop, which commits each record. */
  readonly concurrency?: number
  /** How a handler of `concurrency` is stuck at a record with the value "stuck"; missing: it handles it as others. */
  readonly stuck?: { readonly ms: number; readonly blocksThread: boolean }
}

interface Happened {
  /** Milliseconds on the monotonic clock of the machine, the same for all processes. */
  readonly at: number
}
interface OfRecord extends Happened {
  readonly partition: number
  readonly offset: number
  readonly token: number
}

/** What a member process has done. */
export type MemberEvent =
  | ({ readonly kind: 'started' | 'stopped' | 'ended' } & Happened)
  | ({ readonly kind: 'assigned'; readonly partition: number; readonly token: number } & Happened)
  | ({ readonly kind: 'revoked'; readonly partition: number; readonly reason: string } & Happened)
  | ({ readonly kind: 'begun' } & OfRecord)
  | ({ readonly kind: 'returned' } & OfRecord)
  | ({ readonly kind: 'committed'; readonly sentAt: number } & OfRecord)
  | ({ readonly kind: 'refused'; readonly code: string } & OfRecord)

type Begun = Extract<MemberEvent, { kind: 'begun' }>
type Committed = Extract<MemberEvent, { kind: 'committed' }>

/**
 * What was wrong in a group of which each record was handled and committed on its own: records that nobody handled, two
 * leases at once, commits that were lost or left records out. `ends`: the offset behind the last record, by partition.
 */
export function faultsOf(events: readonly MemberEvent[], ends: readonly number[]): string[] {
  return ends.flatMap((end, partition) => {
    const own = <Kind extends MemberEvent['kind']>(kind: Kind) =>
      events
        .filter((event) => event.kind === kind && (event as Begun).partition === partition)
        .sort((a, b) => a.at - b.at) as Extract<MemberEvent, { kind: Kind }>[]
    const [begun, committed] = [own('begun'), own('committed')]
    return [
      ...missing(begun, end),
      ...twoAtOnce(begun, committed),
      ...wrongStarts(begun, committed),
      ...wrongOrder(begun),
    ].map((fault) => `partition ${partition}: ${fault}`)
  })
}

function missing(begun: readonly Begun[], end: number): string[] {
  const handled = new Set(begun.map(({ offset }) => offset))
  const lost = Array.from({ length: end }, (_, offset) => offset).filter((offset) => !handled.has(offset))
  return lost.length === 0 ? [] : [`nobody has handled ${lost.length} records, the first is ${lost[0]}`]
}

/** A lease is over when a later one has begun: nothing is handed out, or committed, under it from then on. */
function twoAtOnce(begun: readonly Begun[], committed: readonly Committed[]): string[] {
  const found: string[] = []
  let newest = 0
  for (const { token, offset } of begun) {
    if (token < newest) found.push(`record ${offset} was handed out under token ${token} after one under ${newest}`)
    newest = Math.max(newest, token)
  }
  for (const late of committed) {
    const before = committed.find(({ token, at }) => token > late.token && at < late.sentAt)
    if (before !== undefined) found.push(`${late.offset} was committed under ${late.token} after ${before.token}`)
  }
  return found
}

/** Each lease goes on where the commits before it have ended. */
function wrongStarts(begun: readonly Begun[], committed: readonly Committed[]): string[] {
  const found: string[] = []
  for (const token of new Set(begun.map((event) => event.token))) {
    const first = begun.find((event) => event.token === token)!
    const before = committed.filter((event) => event.token < token)
    const sure = Math.max(0, ...before.filter(({ at }) => at < first.at).map(({ offset }) => offset + 1))
    if (first.offset < sure) found.push(`token ${token} begins at ${first.offset}, though ${sure} was committed`)
  }
  return found
}

function wrongOrder(begun: readonly Begun[]): string[] {
  const last = new Map<number, number>()
  const found: string[] = []
  for (const { token, offset } of begun) {
    const before = last.get(token)
    if (before !== undefined && offset !== before + 1) found.push(`${offset} came after ${before} under token ${token}`)
    last.set(token, offset)
  }
  return found
}

/** How often each partition was given to another process: a lease of the same process again does not count. */
export function movesOf(members: readonly (readonly MemberEvent[])[], partitions: number): number[] {
  const moves = Array.from({ length: partitions }, () => 0)
  const owners = new Map<number, number>()
  const given = members.flatMap((events, member) =>
    events.flatMap((event) => (event.kind === 'assigned' ? [{ ...event, member }] : [])),
  )
  for (const { partition, member } of given.sort((a, b) => a.token - b.token)) {
    const before = owners.get(partition)
    if (before !== undefined && before !== member) moves[partition]!++
    owners.set(partition, member)
  }
  return moves
}
