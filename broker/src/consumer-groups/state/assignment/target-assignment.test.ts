import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AssignableMember, AssignableTopic, Owners } from './target-assignment.ts'
import { targetAssignment } from './target-assignment.ts'
import { AssignmentHistory, nobody, subscribersOfAll } from './testing/assignment-history.ts'

const none = (): typeof nobody => nobody

function loads(owners: Owners, members: readonly AssignableMember[]): number[] {
  return members.map(({ id }) => [...owners.values()].flat().filter((owner) => owner === id).length)
}

const topicsArbitrary = fc
  .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 })
  .map((sizes): AssignableTopic[] => sizes.map((partitions, at) => ({ topicId: `t-${at}`, partitions })))

describe('members with the same topics', () => {
  test('each partition has one owner, members differ by one, and no more partitions move than must', () => {
    fc.assert(
      fc.property(topicsArbitrary, fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(12)), (topics, count, before) => {
        const members = subscribersOfAll(count, topics)
        const partitions = topics.flatMap(({ topicId, partitions }) =>
          Array.from({ length: partitions }, (_, partition) => `${topicId}/${partition}`),
        )
        const former = new Map(partitions.map((place, at) => [place, `m-${before[at % (before.length || 1)] ?? 20}`]))
        const owners = targetAssignment(members, topics, (topicId, partition) => {
          return { owner: former.get(`${topicId}/${partition}`)!, ownedSince: partition, holder: '' }
        })
        const held = loads(owners, members)
        expect(held.reduce((sum, load) => sum + load, 0)).toBe(partitions.length)
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1)
        const moved = partitions.filter((place) => {
          const [topicId, partition] = place.split('/')
          return owners.get(topicId!)![Number(partition)] !== former.get(place)
        })
        expect(moved.length).toBe(leastMoves(partitions.length, members, former))
      }),
      { numRuns: 500 },
    )
  })

  /** The members that have most keep most. */
  function leastMoves(
    partitions: number,
    members: readonly AssignableMember[],
    former: ReadonlyMap<string, string>,
  ): number {
    const had = members
      .map(({ id }) => [...former.values()].filter((owner) => owner === id).length)
      .sort((a, b) => b - a)
    const larger = partitions % members.length
    const least = Math.floor(partitions / members.length)
    return partitions - had.reduce((kept, load, at) => kept + Math.min(load, least + (at < larger ? 1 : 0)), 0)
  }
})

test('with any subscriptions: subscribers own, nobody else, and no chain of moves makes it more even', () => {
  fc.assert(
    fc.property(
      topicsArbitrary,
      fc.array(fc.array(fc.nat(4), { maxLength: 4 }), { minLength: 1, maxLength: 7 }),
      fc.infiniteStream(fc.nat(9)),
      (topics, subscriptions, before) => {
        const members = subscriptions.map((numbers, at) => {
          return { id: `m-${at}`, topicIds: new Set(numbers.map((number) => `t-${number}`)) }
        })
        const owners = targetAssignment(members, topics, () => ({
          owner: `m-${before.next().value}`,
          ownedSince: 1,
          holder: '',
        }))
        const load = loads(owners, members)
        for (const { topicId, partitions } of topics) {
          const subscribers = members.filter(({ topicIds }) => topicIds.has(topicId))
          expect(owners.get(topicId)).toHaveLength(partitions)
          for (const owner of owners.get(topicId)!) {
            if (subscribers.length === 0) expect(owner).toBe('')
            else expect(subscribers.map(({ id }) => id)).toContain(owner)
          }
        }
        // From each member all that can be reached by giving partitions along have one fewer at most.
        for (const [start, { id }] of members.entries()) {
          const reached = new Set([id])
          for (const giver of reached) {
            for (const [topicId, ids] of owners) {
              if (!ids.includes(giver)) continue
              for (const other of members) if (other.topicIds.has(topicId)) reached.add(other.id)
            }
          }
          for (const [other, { id: otherId }] of members.entries()) {
            if (reached.has(otherId)) expect(load[start]! - load[other]!).toBeLessThanOrEqual(1)
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('the order of members and topics does not matter', () => {
  const topics = [3, 5, 2].map((partitions, at) => ({ topicId: `t-${at}`, partitions }))
  const members = subscribersOfAll(4, topics)
  const forwards = targetAssignment(members, topics, none)
  const backwards = targetAssignment([...members].reverse(), [...topics].reverse(), none)
  expect(backwards).toEqual(forwards)
})

test('partitions of each topic are spread over the members, not only their number', () => {
  const topics = [4, 4, 4].map((partitions, at) => ({ topicId: `t-${at}`, partitions }))
  const owners = targetAssignment(subscribersOfAll(4, topics), topics, none)
  for (const ids of owners.values()) expect(new Set(ids).size).toBe(4)
})

test('a partition whose owner is gone stays with the member that still holds it', () => {
  const topics = [{ topicId: 't-0', partitions: 2 }]
  const former = [
    { owner: 'gone', ownedSince: 3, holder: 'm-1' },
    { owner: 'gone', ownedSince: 3, holder: 'm-0' },
  ]
  const owners = targetAssignment(subscribersOfAll(2, topics), topics, (_, partition) => former[partition]!)
  expect(owners.get('t-0')).toEqual(['m-1', 'm-0'])
})

test('a member without partitions of its topics has none; without members nobody owns any', () => {
  const topics = [{ topicId: 't-0', partitions: 2 }]
  expect(targetAssignment([], topics, none).get('t-0')).toEqual(['', ''])
  expect(targetAssignment(subscribersOfAll(1, []), topics, none).get('t-0')).toEqual(['', ''])
  expect(targetAssignment(subscribersOfAll(3, topics), [], none).size).toBe(0)
})

test('1,000 partitions and 100 members take less than 20 ms, when one joins as from nothing', () => {
  const topics = Array.from({ length: 10 }, (_, at) => ({ topicId: `t-${at}`, partitions: 100 }))
  const members = subscribersOfAll(100, topics)
  // CPU time: other tests share the machine.
  const took = (call: () => unknown): number => {
    const times = Array.from({ length: 5 }, () => {
      const start = process.cpuUsage()
      call()
      return process.cpuUsage(start).user / 1000
    })
    return Math.min(...times)
  }
  const history = new AssignmentHistory()
  history.assign(members.slice(1), topics)
  expect(took(() => targetAssignment(members, topics, none))).toBeLessThan(20)
  expect(took(() => targetAssignment(members, topics, history.former))).toBeLessThan(20)
  const half = new AssignmentHistory()
  half.assign(members.slice(50), topics)
  expect(took(() => targetAssignment(members, topics, half.former))).toBeLessThan(20)
})
