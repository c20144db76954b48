import { expect, test } from 'vitest'
import { isOfLeader, type RaftMessage } from './messages.ts'

test('appends, heartbeats and snapshots come from a leader, and nothing else does', () => {
  const senders: Record<RaftMessage['type'], boolean> = {
    append: true,
    heartbeat: true,
    snapshot: true,
    'append-reply': false,
    'heartbeat-reply': false,
    vote: false,
    'vote-reply': false,
    'timeout-now': false,
  }
  for (const [type, leads] of Object.entries(senders)) expect(isOfLeader({ type } as RaftMessage), type).toBe(leads)
})
