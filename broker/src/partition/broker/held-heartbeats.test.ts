import { expect, test } from 'vitest'
import type { RaftMessage } from '../../raft/messages.ts'
import { HeldHeartbeats } from './held-heartbeats.ts'

const heartbeat = { type: 'heartbeat', from: 1, to: 2, term: 3, commit: 4, sentAt: 5 } as const
const reply = { type: 'heartbeat-reply', from: 1, to: 2, term: 3, lastIndex: 4, sentAt: 5 } as const
const vote = { type: 'vote-reply', from: 1, to: 2, term: 3, pre: false, granted: true } as const

test('heartbeats and answers wait for the beat, in order and once; heartbeats that a read waits for and all other messages leave at once', () => {
  const sent: [number, string, number][] = []
  const beats = new HeldHeartbeats({
    sendRaft: (group, message, payloads) => void sent.push([group, message.type, payloads.length]),
  })
  const send = (group: number, message: RaftMessage) => beats.sendRaft(group, message, [new Uint8Array(1)])
  beats.beat()
  send(1, heartbeat)
  send(2, { ...reply, round: 0 })
  expect(sent).toEqual([])
  send(3, { ...heartbeat, round: 1 })
  send(4, { ...reply, round: 7 })
  send(5, vote)
  expect(sent.splice(0)).toEqual([
    [3, 'heartbeat', 1],
    [4, 'heartbeat-reply', 1],
    [5, 'vote-reply', 1],
  ])
  beats.beat()
  expect(sent.splice(0)).toEqual([
    [1, 'heartbeat', 0],
    [2, 'heartbeat-reply', 0],
  ])
  beats.beat()
  expect(sent).toEqual([])
})
