import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { HeartbeatMessage, HeartbeatReplyMessage } from '../../raft/messages.ts'
import type { FrameChannel } from './frame-channel.ts'
import { HeartbeatFrames } from './heartbeat-frames.ts'

const heartbeat: HeartbeatMessage = { type: 'heartbeat', from: 1, to: 2, term: 3, commit: 4, sentAt: 5 }
const reply: HeartbeatReplyMessage = { type: 'heartbeat-reply', from: 1, to: 2, term: 3, lastIndex: 4, sentAt: 5 }

test('the heartbeats of a turn are one frame, their answers another, however many groups there are (M87)', async () => {
  const clock = new ManualClock()
  const frames: [string, number[]][] = []
  const send = (name: string, { beats }: { beats: readonly { group: number }[] }): void => {
    frames.push([name, beats.map(({ group }) => group)])
  }
  const beats = new HeartbeatFrames(clock, { send } as unknown as FrameChannel)
  let turns = 0
  const soon = clock.soon.bind(clock)
  clock.soon = (call) => {
    turns++
    soon(call)
  }
  const turn = () => clock.advance(0, () => Promise.resolve())
  for (const group of [7, 8, 9]) beats.addHeartbeat(group, heartbeat)
  for (const group of [5, 6]) beats.addReply(group, reply)
  expect([frames, turns]).toEqual([[], 1])
  await turn()
  expect(frames).toEqual([
    ['Heartbeats', [7, 8, 9]],
    ['HeartbeatReplies', [5, 6]],
  ])
  beats.addReply(5, reply)
  await turn()
  expect([frames.slice(2), turns]).toEqual([[['HeartbeatReplies', [5]]], 2])
})
