import type { EntryHeader, HardState } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { Configuration } from '../../broker/src/raft/config.ts'
import type { RaftMessage } from '../../broker/src/raft/messages.ts'
import type { StoredEntry } from '../sim/sim-disk.ts'
import type { Replica } from './replica.ts'

/** What messages, logs and brokers look like in a scenario's outcome. An entry is `index@term`; `*` marks the entry that opens a term, `c` a
 * configuration. */
export function messageText(message: RaftMessage): string {
  return `${message.from}>${message.to} ${kindOf(message)} t${message.term}${detailOf(message)}`
}

/** The message's type as scenarios name it: pre-votes by a name of their own. */
export function kindOf(message: RaftMessage): string {
  return (message.type === 'vote' || message.type === 'vote-reply') && message.pre
    ? `pre-${message.type}`
    : message.type
}

function detailOf(message: RaftMessage): string {
  switch (message.type) {
    case 'append': {
      const entries = message.entries.map(headerText).join(' ')
      return ` after ${message.prevIndex}@${message.prevTerm}: ${entries === '' ? 'nothing' : entries}, commit ${message.commit}`
    }
    case 'append-reply':
      return message.success
        ? ` has ${message.matchIndex}`
        : ` rejects ${message.rejectedIndex}, hint ${message.hintIndex}@${message.hintTerm}`
    case 'vote':
      return ` log ends ${message.lastIndex}@${message.lastTerm}${message.transfer ? ', transfer' : ''}`
    case 'vote-reply':
      return message.granted ? ' yes' : ' no'
    case 'heartbeat':
      return ` commit ${message.commit}`
    case 'heartbeat-reply':
      return ` has ${message.lastIndex}`
    case 'snapshot':
      return ` state to ${message.lastIndex}@${message.lastTerm} from ${message.source}`
    default:
      return ''
  }
}

export function configurationText({ voters, outgoing, learners }: Configuration): string {
  const parts = [
    ['voters', voters],
    ['outgoing', outgoing],
    ['learners', learners],
  ] as const
  return parts.flatMap(([name, ids]) => (ids.length === 0 ? [] : [`${name} ${ids.join(' ')}`])).join(', ') || 'nobody'
}

export function entryList(entries: readonly StoredEntry[]): string {
  return entries.map(({ header }) => headerText(header)).join(' ')
}

export function hardStateText({ term, votedFor }: HardState): string {
  return votedFor === 0 ? `term ${term}` : `term ${term} vote ${votedFor}`
}

/** Terms of a log, a dot for what was compacted; `|` stands behind the last committed entry, `~` behind the last durable one if more is written. */
export function logText(replica: Replica): string {
  const marks = (index: number): string[] => [
    ...(index === replica.commitIndex ? ['|'] : []),
    ...(index === durableIndex(replica) && index < replica.log.length ? ['~'] : []),
  ]
  const { prevIndex } = replica.disk
  const terms = replica.log.flatMap(({ header }, i) => [i < prevIndex ? '.' : String(header.term), ...marks(i + 1)])
  return `${replica.id}: ${[...marks(0), ...terms].join(' ')}${replica.core === null ? ' (down)' : ''}`
}

export function statusLines(replica: Replica): string[] {
  const { core, id } = replica
  if (core === null)
    return [`${id} down, ${hardStateText(replica.disk.hardState)}, ${replica.durable.length} entries on disk`]
  const { role, term, leader, commitIndex, lastIndex, durableIndex, followers } = core.status()
  const head = `${id} ${role} term ${term} leader ${leader} commit ${commitIndex} last ${lastIndex} durable ${durableIndex}`
  const rows = followers.map(
    (row) =>
      `  of ${row.id}: ${row.state} match ${row.matchIndex} next ${row.nextIndex} inflight ${row.inflight}${row.active ? '' : ' silent'}`,
  )
  return [head, ...rows]
}

/** What the core itself takes as durable; what the disk has, if it is down. */
function durableIndex({ core, durable }: Replica): number {
  return core === null ? durable.length : core.durableIndex
}

function headerText({ index, term, kind }: EntryHeader): string {
  return `${index}@${term}${kind === EntryKind.Records ? '' : kind === EntryKind.Configuration ? 'c' : '*'}`
}
