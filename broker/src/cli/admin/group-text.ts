import type { EntryDescription, GroupDescription, ReplicaDescription } from '../../api/admin-api.ts'
import { grouped, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import { headLines, progressTable } from './members-text.ts'

/**
 * The status page of a group: the leader's view of the group, of each follower and of the newest entries, and the
 * report of each replica.
 */
export function groupText(name: string, group: GroupDescription, width: number): string {
  const lines = [...headLines(name, group), ...logLines(group)]
  if (group.transferringTo !== 0) lines.push(`transfer  to broker ${group.transferringTo} under way`)
  if (group.asleep) lines.push('asleep    nothing to do; woken by the next record')
  if (group.readOnly) lines.push('records   read-only: publishing is refused')
  const sections = [
    lines.join('\n'),
    `${group.leader === 0 ? 'members, by what they say' : 'members, as the leader knows them'}\n${progressTable(group.members, width)}`,
    `replicas, as each says of itself\n${replicaTable(group.replicas, width)}`,
  ]
  if (group.tail.length > 0) sections.push(`newest entries\n${tailTable(group.tail, width)}`)
  for (const { broker, trouble } of group.replicas) {
    if (trouble !== null) sections.push(`broker ${broker} takes no part: ${trouble}`)
  }
  return sections.join('\n\n')
}

function logLines(group: GroupDescription): string[] {
  const { prevIndex, commitIndex, durableIndex, lastIndex, logStart, highWatermark, sizeBytes, lastSnapshot } = group
  const entries = `entries   ${prevIndex + 1} to ${lastIndex}: committed to ${commitIndex}, ${group.leader === 0 ? 'on disk' : "on the leader's disk"} to ${durableIndex}`
  const offsets = `offsets   ${logStart} to ${highWatermark} (high watermark), ${sizeText(sizeBytes)}`
  const snapshot =
    lastSnapshot === null ? 'none' : [`to entry ${lastSnapshot.index}`, ...snapshotDetails(lastSnapshot)].join(', ')
  return [`id        ${grouped(group.group)}`, entries, offsets, `snapshot  ${snapshot}`]
}

/** A snapshot's size and time, where the broker remembers them. */
function snapshotDetails({ bytes, at }: NonNullable<GroupDescription['lastSnapshot']>): string[] {
  return [...(bytes > 0 ? [sizeText(bytes)] : []), ...(at > 0 ? [new Date(at).toISOString()] : [])]
}

function replicaTable(replicas: readonly ReplicaDescription[], width: number): string {
  return table(
    replicas,
    [
      { title: 'BROKER', of: (replica) => replica.broker, right: true },
      { title: 'ROLE', of: (replica) => (replica.asleep ? `${replica.role}, asleep` : replica.role) },
      { title: 'TERM', of: (replica) => replica.term, right: true },
      { title: 'FOLLOWS', of: (replica) => (replica.leader === 0 ? 'none' : replica.leader), right: true },
      { title: 'FIRST', of: (replica) => replica.prevIndex + 1, right: true },
      { title: 'COMMITTED', of: (replica) => replica.commitIndex, right: true },
      { title: 'DURABLE', of: (replica) => replica.durableIndex, right: true },
      { title: 'LAST', of: (replica) => replica.lastIndex, right: true },
      { title: 'LOG-START', of: (replica) => replica.logStart, right: true },
      { title: 'HIGH-WATERMARK', of: (replica) => replica.highWatermark, right: true },
      { title: 'SIZE', of: (replica) => sizeText(replica.sizeBytes), right: true },
    ],
    width,
  )
}

function tailTable(tail: readonly EntryDescription[], width: number): string {
  return table(
    tail,
    [
      { title: 'INDEX', of: (entry) => entry.index, right: true },
      { title: 'TERM', of: (entry) => entry.term, right: true },
      { title: 'KIND', of: (entry) => entry.kind },
      { title: 'OFFSETS', of: offsetsText, right: true },
      { title: 'BYTES', of: (entry) => (entry.bytes === 0 ? '' : entry.bytes), right: true },
      { title: 'STATE', of: (entry) => entry.state },
    ],
    width,
  )
}

/**
 * An entry of the log itself holds no records: its last offset is below its base. An entry without bytes is one whose
 * bytes the broker does not know any more.
 */
function offsetsText({ baseOffset, lastOffset, bytes }: EntryDescription): string {
  if (lastOffset < baseOffset || bytes === 0) return ''
  return lastOffset === baseOffset ? String(baseOffset) : `${baseOffset}-${lastOffset}`
}
