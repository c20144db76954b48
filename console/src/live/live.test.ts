import { expect, test } from 'vitest'
import type { TopicSummary } from '../api/answers.ts'
import { watchedOf } from './live.ts'

const topic = (name: string, partitions: number): TopicSummary => {
  return { name, id: name, partitions, replicas: 1, config: {} }
}

test('a watch names no more topics and partitions than a broker describes', () => {
  const many = Array.from({ length: 101 }, (_, at) => topic(`t${at}`, 1))
  expect(watchedOf(many)).toHaveLength(100)
  expect(watchedOf([topic('a', 60_000), topic('b', 60_000), topic('c', 40_000)])).toEqual(['a', 'c'])
})
