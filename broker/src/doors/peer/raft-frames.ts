import { encodeFrame, type GroupId } from '@tailrace/schemas'
import type { HeartbeatMessage, HeartbeatReplyMessage, RaftMessage } from '../../raft/messages.ts'
import { appendFields } from './append-frame.ts'

/** Heartbeats are gathered, see heartbeat-frames.ts; every other Raft message is a frame of its own. */
export type SingleRaftMessage = Exclude<RaftMessage, HeartbeatMessage | HeartbeatReplyMessage>

/** The message as pieces to write. `from` and `to` are not sent: they are those of the connection. */
export function encodeRaft(group: GroupId, message: SingleRaftMessage, payloads: readonly Uint8Array[]): Uint8Array[] {
  switch (message.type) {
    case 'append':
      return encodeFrame('Append', appendFields(group, message), payloads)
    case 'append-reply': {
      const { term, success, matchIndex, rejectedIndex, hintIndex, hintTerm, admission = 0 } = message
      const found = { success, matchIndex, rejectedIndex, hintIndex, hintTerm, admission }
      return encodeFrame('AppendReply', { group, term, ...found }, [])
    }
    case 'vote': {
      const { term, pre, transfer, lastIndex, lastTerm } = message
      return encodeFrame('Vote', { group, term, pre, transfer, lastIndex, lastTerm }, [])
    }
    case 'snapshot': {
      const { term, lastIndex, lastTerm, source } = message
      return encodeFrame('Snapshot', { group, term, lastIndex, lastTerm, source }, [])
    }
    case 'timeout-now':
      return encodeFrame('TimeoutNow', { group, term: message.term }, [])
    case 'vote-reply': {
      const { term, pre, granted } = message
      return encodeFrame('VoteReply', { group, term, pre, granted }, [])
    }
  }
}
