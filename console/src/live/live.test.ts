import { expect, test } from 'vitest'
import type { TopicSummary } from '../api/answers.ts'
import { watchedOf } from './live.ts'

const topic = (name: string, partitions: number): TopicSummary => {
  return { name, id: name, partitions, replicas: 1, config: {} }
}

test('a watch names no more topics and partitions than a broker describes', () => {
  const many = Array.from({ length: 101 }, (_, at) => topic(`t${at}`, 1))
  expect(watchedOf(many, null)).toHaveLength(100)
  expect(watchedOf([topic('a', 60_000), topic('b', 60_000), topic('c', 40_000)], 'c')).toEqual(['c', 'a'])
  expect(watchedOf([topic('a', 60_000), topic('b', 60_000)], 'b')).toEqual(['b'])
  expect([watchedOf(many, 't100'), watchedOf(many, 't5'), watchedOf(many, 'gone')].map(([first]) => first)).toEqual([
    't100',
    't5',
    't0',
  ])
  expect(watchedOf(many, 't100')).toHaveLength(100)
})
