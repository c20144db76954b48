import { type Offset, type PartitionNumber, TailraceError, type Timestamp } from '@tailrace/schemas'
import type { Requests } from './requests.ts'

export type GroupState = 'empty' | 'stable' | 'rebalancing'

export interface GroupSummary {
  readonly group: string
  readonly state: GroupState
  /** How many there are at present. */
  readonly members: number
  readonly topics: readonly string[]
  /** Of all its partitions; -1: not known. */
  readonly lag: number
  /** Records that handlers of its members hold for longer than they should. */
  readonly stuck: number
}

export interface GroupMember {
  readonly id: string
  /** Empty: none. */
  readonly instance: string
  /** That of its consumer. Empty: none. */
  readonly clientId: string
  /** The address that it comes from. */
  readonly host: string
  readonly rack: string
  /** What it subscribes to by name, and by pattern. */
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

export interface GroupProgress {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  /** The id of the member that has it; empty: nobody. */
  readonly member: string
  /** The committed position; -1: there is none. */
  readonly offset: Offset
  /** What was committed with the position. */
  readonly metadata: string
  readonly committedAt: Timestamp
  /** The offset behind the last committed record; -1: not known. */
  readonly end: Offset
  /** -1: not known, or there is no position. */
  readonly lag: number
}

export interface GroupDescription {
  readonly group: string
  readonly state: GroupState
  readonly members: readonly GroupMember[]
  readonly partitions: readonly GroupProgress[]
  /** Records that are to come again later. */
  readonly delayed: number
}

/** A position that was moved, or would be. `from` -1: the group had none. */
export interface MovedPosition {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly from: Offset
  readonly offset: Offset
}

export interface ResetOptions {
  /** Default: all topics that the group has positions of. With names it may be a group that does not exist yet. */
  readonly topics?: readonly string[]
  /** Changes nothing, and tells what would be. */
  readonly dryRun?: boolean
}

export function listGroups(requests: Requests): Promise<readonly GroupSummary[]> {
  return requests.list<GroupSummary>('/consumer-groups', 'groups')
}

export async function describeGroup(requests: Requests, group: string): Promise<GroupDescription> {
  const described = (await requests.read(pathOf(group))) as GroupDescription
  if (!Array.isArray(described?.partitions)) throw requests.strange('partitions')
  return described
}

export async function deleteGroup(requests: Requests, group: string): Promise<void> {
  await requests.once('DELETE', pathOf(group))
}

export async function resetGroup(
  requests: Requests,
  group: string,
  place: string | Offset | Date,
  { topics, dryRun = false }: ResetOptions,
): Promise<readonly MovedPosition[]> {
  const to = place instanceof Date ? place.toISOString() : String(place)
  const wish = { to, dryRun, ...(topics !== undefined && { topics }) }
  // A second attempt would move by so many records once more.
  const isStep = /^[+-]/.test(to)
  const path = pathOf(group, '/reset')
  const answer = isStep ? await requests.once('POST', path, wish) : await requests.again('POST', path, wish)
  const { positions } = (answer ?? {}) as { positions?: MovedPosition[] }
  if (!Array.isArray(positions)) throw requests.strange('positions')
  return positions
}

function pathOf(group: unknown, rest = ''): string {
  if (typeof group === 'string' && group !== '') return `/consumer-groups/${encodeURIComponent(group)}${rest}`
  throw new TailraceError('INVALID_SETTING', 'group: its name is a text of 1 to 255 characters.')
}
