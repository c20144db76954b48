import { expect, test } from 'vitest'
import type { TopicSummary } from '../../api/broker-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { TopicList } from './topic-list.ts'

const settle = () => Promise.resolve()

test('the list is made anew after a quarter of a second or a change, and its digest shows whether it has changed', async () => {
  const clock = new ManualClock()
  let [version, made] = [1, 0]
  let names = ['a']
  const list = new TopicList(clock, {
    topicsVersion: () => version,
    listTopics: () => {
      made++
      return names.map((name) => ({ name }) as unknown as TopicSummary)
    },
  })
  const first = list.get()
  expect(first).toMatchObject({ version: 1, topics: [{ name: 'a' }] })
  await clock.advance(249, settle)
  expect([list.get(), made]).toEqual([first, 1])
  await clock.advance(1, settle)
  expect([list.get().digest, made]).toEqual([first.digest, 2])
  names = ['b']
  version = 2
  const second = list.get()
  expect([second.version, second.topics, made]).toEqual([2, [{ name: 'b' }], 3])
  expect(second.digest).not.toBe(first.digest)
  expect([list.get(), made]).toEqual([second, 3])
})

test('a long list comes in parts that together are the list', () => {
  const names = Array.from({ length: 12_345 }, (_, at) => `t${at}`)
  const list = new TopicList(new ManualClock(), {
    topicsVersion: () => 7,
    listTopics: () => names.map((name) => ({ name }) as unknown as TopicSummary),
  })
  const parts: number[] = []
  const told: string[] = []
  for (let page = list.page(0); ; page = list.page(told.length)) {
    expect([page.digest, page.version, page.total]).toEqual([list.get().digest, 7, names.length])
    if (page.topics.length === 0) break
    parts.push(page.topics.length)
    told.push(...page.topics.map(({ name }) => name))
  }
  expect(parts).toEqual([5_000, 5_000, 2_345])
  expect(told).toEqual(names)
})
