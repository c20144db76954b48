import type { Counts } from './traffic.ts'

/** What a tree of cascade brokers must keep; see the functions below. */
export type TreeProperty =
  | 'assignment-converges'
  | 'even-load'
  | 'level-zero-messages'
  | 'level-zero-bytes'
  | 'children-move'
  | 'no-storm'

/** How a source dies: its process, with its connections, or its machine, which answers no more. */
export const deaths = ['crashed', 'silent'] as const
export type Death = (typeof deaths)[number]

export interface TreeFinding {
  readonly property: TreeProperty
  readonly message: string
}

/** From the start, or the death of a source, until no broker gets another source any more. */
const CONVERGED_SECONDS = 60
/** Loads of the sources of a level differ from their mean by so much, or by one broker. */
const UNEVEN_SHARE = 0.1
/** Beats of one broker a second, with some that are sent ahead of time. */
const BEATS = 1.1
/** Bytes a second for a broker of level 1: its own report, 16 others, and the answer; the same inside of level 0. */
const BYTES_OF_CHILD = 4_500
/** Bytes a second for a broker further below: its age, twice, when two brokers of level 0 tell each other. */
const BYTES_BELOW = 3
const MOVED_SECONDS = 5
/** Connections that an orphan may ask for until it stays. */
const CALLS_OF_ORPHAN = 4
/** The most that one source may be asked for in a second, in even shares of all orphans. */
const SHARES_OF_CALLS = 3
const SPARE_CALLS = 6
/** Other brokers that may get another source, besides as many as there are orphans: a share of all. */
const OTHERS_MOVED_SHARE = 0.05

function finding(property: TreeProperty, holds: boolean, message: string): TreeFinding[] {
  return holds ? [] : [{ property, message }]
}

export function checkConvergence(seconds: number | null, after: string): TreeFinding[] {
  const message = `${after} brokers got other sources for more than ${CONVERGED_SECONDS} s`
  return finding('assignment-converges', seconds !== null && seconds <= CONVERGED_SECONDS, message)
}

/** `loads`: the brokers that each source of a level has. */
export function checkLoad(level: number, loads: readonly number[]): TreeFinding[] {
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length
  const most = Math.max(1, mean * UNEVEN_SHARE)
  const worst = Math.max(...loads.map((load) => Math.abs(load - mean)))
  const message = `on level ${level} a source has ${worst.toFixed(1)} brokers more or less than the mean of ${mean.toFixed(1)}`
  return finding('even-load', worst <= most, message)
}

/** Of a second, at all brokers of level 0. */
export interface LevelZeroTraffic {
  readonly up: Counts
  readonly down: Counts
  readonly peers: Counts
}

export function checkTraffic({ up, down, peers }: LevelZeroTraffic, children: number, all: number): TreeFinding[] {
  const bytes = up.bytes + down.bytes + peers.bytes
  const most = children * BYTES_OF_CHILD + (all - children) * BYTES_BELOW
  const inBytes = `level 0 exchanges ${Math.round(bytes)} B/s, more than ${most}`
  const inMessages = `level 0 gets ${up.messages.toFixed(1)} beats a second from ${children} brokers`
  return [
    ...finding('level-zero-messages', up.messages <= children * BEATS, inMessages),
    ...finding('level-zero-bytes', bytes <= most, inBytes),
  ]
}

/** What followed the death of a source. */
export interface Aftermath {
  readonly orphans: number
  /** Seconds until each orphan had a living source; of those that got one. */
  readonly moves: readonly number[]
  /** Connections that orphans have asked for. */
  readonly calls: number
  /** The most that one broker was asked for in one second. */
  readonly busiest: number
  /** Sources that are left on the level of the dead one. */
  readonly sources: number
  /** Other brokers that got another source. */
  readonly othersMoved: number
  readonly brokers: number
}

export function checkAftermath(aftermath: Aftermath): TreeFinding[] {
  const { orphans, moves, calls, busiest, sources, othersMoved, brokers } = aftermath
  const last = Math.max(0, ...moves)
  const moved = moves.length === orphans && last <= MOVED_SECONDS
  const mostAtOnce = (SHARES_OF_CALLS * orphans) / sources + SPARE_CALLS
  // Where orphans have found sources unevenly, others may move to even them out.
  const mostOthers = orphans + brokers * OTHERS_MOVED_SHARE
  return [
    ...finding('children-move', moved, `${moves.length} of ${orphans} orphans have a source, the last after ${last} s`),
    ...finding('no-storm', calls <= orphans * CALLS_OF_ORPHAN, `${orphans} orphans have made ${calls} connections`),
    ...finding('no-storm', busiest <= mostAtOnce, `one broker was asked for ${busiest} connections in a second`),
    ...finding('no-storm', othersMoved <= mostOthers, `${othersMoved} other brokers have moved`),
  ]
}
