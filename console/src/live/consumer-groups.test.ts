import { expect, test } from 'vitest'
import type { ConsumerGroupMember, ConsumerGroupProgress } from '../api/consumer-group-answers.ts'
import {
  consumerGroupLink,
  consumerGroupPath,
  lagOfGroup,
  lagText,
  leasesByMember,
  memberName,
  moveText,
  partitionRows,
  rangesText,
} from './consumer-groups.ts'

const member: ConsumerGroupMember = {
  id: 'm1',
  instance: '',
  clientId: 'billing-7',
  host: '10.0.0.1',
  principal: 'User:ANONYMOUS',
  topics: ['flights'],
  patterns: [],
  stuck: [],
}
function at(topic: string, partition: number, changes: Partial<ConsumerGroupProgress> = {}): ConsumerGroupProgress {
  const known = { member: 'm1', token: 1, offset: 5, committedAt: 1, end: 8, lag: 3 }
  return { topic, topicId: topic, partition, ...known, ...changes }
}

test('the lag of a group is of all its positions, and not known where that of one is not', () => {
  expect(lagOfGroup({ partitions: [] })).toBe(0)
  const none = at('flights', 2, { offset: -1, lag: -1 })
  expect(lagOfGroup({ partitions: [at('flights', 0), at('flights', 1, { lag: 4 }), none] })).toBe(7)
  expect(lagOfGroup({ partitions: [at('flights', 0), at('flights', 1, { lag: -1, end: -1 })] })).toBe(-1)
  expect([lagText(-1), lagText(0), lagText(1234)]).toEqual(['?', '0', '1,234'])
})

test('partitions are with the members that have them, and with what those are stuck at', () => {
  const stuck = { topic: 'flights', partition: 1, offset: 5, sinceMs: 61_000 }
  const [one, two] = [member, { ...member, id: 'm2', stuck: [stuck] }]
  const partitions = [at('flights', 0), at('flights', 1, { member: 'm2' }), at('flights', 2, { member: '' })]
  const rows = partitionRows({ members: [one, two], partitions })
  expect(rows.map(({ holder, stuck }) => [holder?.id ?? null, stuck])).toEqual([
    ['m1', null],
    ['m2', stuck],
    [null, null],
  ])
  // It has given the partition back, and tells of it still.
  const given = partitionRows({ members: [two], partitions: [at('flights', 1, { member: '' })] })
  expect(given[0]).toMatchObject({ holder: null, stuck: null })
  const taken = partitionRows({ members: [one, two], partitions: [at('flights', 1)] })
  expect(taken[0]).toMatchObject({ holder: { id: 'm1' }, stuck: null })
})

test('leases of a member are told by topic, in ranges', () => {
  expect([rangesText([]), rangesText([7]), rangesText([10, 0, 1, 2, 9])]).toEqual(['', '7', '0–2, 9–10'])
  const partitions = [
    ...[0, 1, 3].map((partition) => at('flights', partition)),
    at('orders', 2),
    at('orders', 0, { member: 'm2' }),
    at('orders', 1, { member: '' }),
  ]
  expect([...leasesByMember(partitions)]).toEqual([
    ['m1', 'flights 0–1, 3; orders 2'],
    ['m2', 'orders 0'],
  ])
})

test('a member is called by what people know of it', () => {
  expect(memberName({ ...member, instance: 'pod-1' })).toBe('pod-1')
  expect(memberName(member)).toBe('billing-7')
  expect(memberName({ ...member, clientId: '' })).toBe('m1')
})

test('a move says what becomes of the records', () => {
  const move = { topic: 'flights', partition: 0 }
  const texts = [
    [-1, 0],
    [5, 5],
    [1500, 200],
    [5, 9],
  ].map(([from, offset]) => moveText({ ...move, from: from!, offset: offset! }))
  expect(texts).toEqual(['its first position', 'stays', '1,300 come again', '4 are skipped'])
})

test('any name has a page and a path', () => {
  expect(consumerGroupLink('a/b ü')).toBe('#/consumer-groups/a%2Fb%20%C3%BC')
  expect(consumerGroupPath('a/b', '/reset')).toBe('/consumer-groups/a%2Fb/reset')
})
