import { expect, test } from 'vitest'
import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { HeldBeats } from './held-beats.ts'

const beat = (member: string, waitMs: number) => ({ kind: 'beat', group: 'g', member, waitMs }) as ConsumerGroupBeat

test('only so many beats wait elsewhere; the answers of the others are held here', async () => {
  const clock = new ManualClock(0)
  const beats = new HeldBeats(clock, 2)
  const sent: [string, number][] = []
  const answers = new Map<string, () => void>()
  const send = ({ member, waitMs }: ConsumerGroupBeat) => {
    sent.push([member, waitMs])
    return waitMs === 0
      ? Promise.resolve(member)
      : new Promise<string>((resolve) => answers.set(member, () => resolve(member)))
  }
  const done: string[] = []
  for (const [member, waitMs] of [
    ['a', 5000],
    ['b', 5000],
    ['c', 5000],
    ['d', 0],
  ] as const) {
    void beats.ask(beat(member, waitMs), send).then((answered) => done.push(answered))
  }
  await clock.advance(4999)
  expect([sent, done]).toEqual([
    [
      ['a', 5000],
      ['b', 5000],
      ['c', 0],
      ['d', 0],
    ],
    ['d'],
  ])
  await clock.advance(1)
  expect(done).toEqual(['d', 'c'])
  answers.get('a')!()
  await clock.advance(0)
  void beats.ask(beat('e', 5000), send)
  expect(sent.at(-1)).toEqual(['e', 5000])
})
