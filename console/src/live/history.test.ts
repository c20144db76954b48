import { expect, test } from 'vitest'
import type { TopicState } from '../api/answers.ts'
import { HISTORY_MS, History, runsOf, topOf } from './history.ts'
import { Rates } from './rates.ts'

const topic = (id: string, highWatermark: number): TopicState => {
  const partition = { partition: 0, leader: 1, term: 1, replicas: [1], inSync: [1], logStart: 0, highWatermark }
  return { name: id, id, config: {}, partitions: [partition] }
}
const state = (at: number, described: readonly TopicState[]) => {
  return { at, ready: { ready: true, reason: '' }, cluster: null, conditions: null, topics: [], described }
}

test('rates of five minutes are kept, of all topics and of each', () => {
  const [rates, history] = [new Rates(), new History()]
  const at = (ms: number) => [topic('a', ms / 10), topic('b', ms / 20)]
  for (let ms = 0; ms <= HISTORY_MS + 20_000; ms += 1000) {
    rates.add(state(ms, at(ms)))
    history.add(at(ms), rates, ms)
  }
  expect(history.all.at(-1)).toEqual({ at: HISTORY_MS + 20_000, value: 150 })
  expect(history.topic('a').at(-1)!.value).toBe(100)
  expect([history.all[0]!.at, history.all.length]).toEqual([20_000, 151])
  expect(history.topic('c')).toEqual([])
})

test('a topic that is gone is forgotten, and one that is new adds nothing yet', () => {
  const [rates, history] = [new Rates(), new History()]
  for (const [ms, described] of [
    [0, [topic('a', 0)]],
    [2000, [topic('a', 100), topic('b', 5)]],
  ] as const) {
    rates.add(state(ms, described))
    history.add(described, rates, ms)
  }
  expect(history.all).toEqual([{ at: 2000, value: 50 }])
  history.add([], rates, 2000 + HISTORY_MS + 1)
  expect(history.topic('a')).toEqual([])
})

test('a line is broken where nothing was seen, and a scale has a round top', () => {
  const points = [0, 2000, 60_000].map((at) => ({ at, value: 1 }))
  expect(runsOf(points).map((run) => run.map(({ at }) => at))).toEqual([[0, 2000], [60_000]])
  expect([topOf(0), topOf(1), topOf(1.2), topOf(180), topOf(500), topOf(7001)]).toEqual([1, 1, 2, 200, 500, 10_000])
})
