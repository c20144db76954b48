import { expect, test } from 'vitest'
import { topicsToRoute } from './topics-to-route.ts'

const topics = new Map([
  ['small', { partitions: 100 }],
  ['large', { partitions: 100_000 }],
])
const route = (names: string[]) =>
  topicsToRoute(
    names,
    (name) => topics.get(name),
    (topic) => topic.partitions,
  )

test('a topic that is named many times is in the answer once, one that does not exist not at all', () => {
  expect(route(new Array(10_000).fill('small'))).toEqual([{ partitions: 100 }])
  expect(route(['none', 'small', 'large', 'small'].slice(0, 2))).toEqual([{ partitions: 100 }])
})

test('more partitions than one answer may tell of are refused', () => {
  expect(route(['large', 'large'])).toHaveLength(1)
  expect(() => route(['small', 'large'])).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
})
