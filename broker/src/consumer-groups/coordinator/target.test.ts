import { expect, test } from 'vitest'
import { memberOf } from '../state/testing/consumer-group-commands.ts'
import { hasPatterns, isRead, isSubscribed } from './target.ts'

const groupOf = (...subscriptions: { topics?: string[]; patterns?: string[] }[]) => {
  const members = subscriptions.map((some, at) => {
    return memberOf(`m-${at}`, { subscribed: { topics: [], patterns: [], ...some } })
  })
  return { members: new Map(members.map((member) => [member.id, member])) }
}

test.each([
  [groupOf({ topics: ['flights'] }, { topics: ['orders'] }), ['flights', 'orders'], false],
  [groupOf({ patterns: ['fl*', '*.eu'] }), ['flights', 'flights.eu', 'orders.eu'], true],
  [groupOf({ topics: ['orders'] }, { patterns: ['o*s'] }), ['orders'], true],
  [groupOf(), [], false],
])('a topic is looked at for a group where a member reads it by name or pattern', (group, read, patterns) => {
  const all = ['flights', 'flights.eu', 'orders', 'orders.eu', 'other']
  expect(all.filter((topic) => isSubscribed(group, topic))).toEqual(read)
  expect(hasPatterns(group)).toBe(patterns)
})

test('a topic is read under the id that it has, by name or pattern', () => {
  const topic = { name: 'flights', id: 'i', partitions: [] }
  const view = { topics: new Map([['flights', topic]]), topicsById: new Map([['i', topic]]) }
  const [named, matching, other] = [{ topics: ['flights'] }, { patterns: ['fl*'] }, { topics: ['orders'] }]
  expect([named, matching, other].map((some) => isRead(view, groupOf(some), 'i'))).toEqual([true, true, false])
  // Of the topic that had the name before.
  expect(isRead(view, groupOf(named), 'former')).toBe(false)
})
