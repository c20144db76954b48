import { expect, test } from 'vitest'
import type { ClusterState, TopicState } from '../api/answers.ts'
import { Rates } from './rates.ts'

const topic = (id: string, ...ends: number[]): TopicState => ({
  name: 't',
  id,
  config: {},
  partitions: ends.map((highWatermark, partition) => {
    return { partition, leader: 1, term: 1, replicas: [1], inSync: [1], logStart: 0, highWatermark }
  }),
})
const at = (ms: number, described: TopicState): ClusterState => {
  return {
    at: ms,
    ready: { ready: true, reason: '' },
    cluster: null,
    conditions: null,
    topics: [],
    described: [described],
  }
}

test('a rate is known with the second state, over the last seconds', () => {
  const rates = new Rates()
  const first = topic('id', 100, 0)
  rates.add(at(0, first))
  expect(rates.topic(first, 0)).toBeNull()
  const second = topic('id', 300, 50)
  rates.add(at(1000, second))
  expect(rates.partition(second, 0, 1000)).toBe(200)
  expect(rates.topic(second, 1000)).toBe(250)
  // Nothing has been published since: the rate falls.
  expect(rates.topic(second, 5000)).toBe(50)
  for (let ms = 2000; ms <= 9000; ms += 1000) rates.add(at(ms, second))
  expect(rates.topic(second, 9000)).toBe(0)
})

test('a topic that is slower than its states come has a rate, and one that has stopped has none', () => {
  const rates = new Rates()
  // A record in ten seconds, and nothing else in the cluster: a state for each.
  for (let records = 0; records <= 12; records++) rates.add(at(records * 10_000, topic('slow', records)))
  const slow = topic('slow', 12)
  expect(rates.topic(slow, 120_000)).toBeCloseTo(1 / 6)
  expect(rates.topic(slow, 127_000)).toBeCloseTo(0.1)
  expect(rates.topic(slow, 200_000)).toBe(0)
  const fast = new Rates()
  for (let second = 0; second <= 60; second++) fast.add(at(second * 1000, topic('fast', second * 100)))
  expect(fast.topic(topic('fast', 6000), 60_000)).toBe(100)
  expect(fast.topic(topic('fast', 6000), 66_000)).toBe(0)
})

test('another topic of the same name has no rate yet, and a partition that went back none below 0', () => {
  const rates = new Rates()
  rates.add(at(0, topic('old', 900)))
  rates.add(at(1000, topic('new', 5)))
  expect(rates.partition(topic('new', 5), 0, 1000)).toBeNull()
  rates.add(at(2000, topic('new', 3)))
  expect(rates.partition(topic('new', 3), 0, 2000)).toBe(0)
})
