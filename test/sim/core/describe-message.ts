import type { RaftMessage } from '../../../broker/src/raft/messages.ts'
import type { NodeNote } from './node-watch.ts'

/** One line of a trace. */
export function describe(message: RaftMessage): string {
  const head = `${message.from}->${message.to} term ${message.term} ${message.type}`
  switch (message.type) {
    case 'append':
      return `${head} (${message.prevIndex}, ${message.prevTerm}) + ${message.entries.map(({ index, term }) => `${index}@${term}`).join(' ')}, commit ${message.commit}`
    case 'append-reply':
      return message.success
        ? `${head} has ${message.matchIndex}`
        : `${head} rejects ${message.rejectedIndex}, hint (${message.hintIndex}, ${message.hintTerm})`
    case 'vote':
      return `${head}${message.pre ? ' (pre)' : ''} for a log ending at (${message.lastIndex}, ${message.lastTerm})`
    case 'vote-reply':
      return `${head}${message.pre ? ' (pre)' : ''} ${message.granted ? 'yes' : 'no'}`
    case 'heartbeat':
      return `${head} commit ${message.commit}${message.sleep ? ', sleep' : ''}`
    case 'heartbeat-reply':
      return `${head} has ${message.lastIndex}${message.asleep ? ', asleep' : ''}`
    case 'snapshot':
      return `${head} (${message.lastIndex}, ${message.lastTerm}) at ${message.source}`
    case 'timeout-now':
      return head
  }
}

export function describeNote({ from, to, name, fields }: NodeNote): string {
  return `${from}->${to} ${name} ${JSON.stringify(fields)}`
}
