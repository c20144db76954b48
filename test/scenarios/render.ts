import type { EntryHeader, HardState } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { Configuration } from '../../broker/src/raft/config.ts'
import type { RaftMessage } from '../../broker/src/raft/messages.ts'
import type { StoredEntry } from '../sim/core/sim-disk.ts'

/**
 * The text of messages, logs and brokers in a scenario's outcome. An entry is `index@term`; `*` marks the entry that
 * opens a term, `c` a configuration.
 */
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

function headerText({ index, term, kind }: EntryHeader): string {
  return `${index}@${term}${kind === EntryKind.Records ? '' : kind === EntryKind.Configuration ? 'c' : '*'}`
}
