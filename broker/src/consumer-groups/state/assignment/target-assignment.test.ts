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

describe('partitions that members decline', () => {
  const declining = fc.array(fc.array(fc.tuple(fc.nat(4), fc.nat(11)), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 6,
  })
  const placed = (owners: Owners) => {
    return [...owners].flatMap(([topicId, ids]) => ids.map((owner, at) => ({ place: `${topicId}/${at}`, owner })))
  }
  const membersOf = (declines: readonly (readonly [number, number][])[], topics: readonly AssignableTopic[]) => {
    return subscribersOfAll(declines.length, topics).map((member, at) => {
      return { ...member, declined: new Set(declines[at]!.map(([topic, number]) => `t-${topic}/${number}`)) }
    })
  }

  test('go to others where there are any, as evenly as these allow; what is declined counts as had', () => {
    fc.assert(
      fc.property(topicsArbitrary, declining, fc.infiniteStream(fc.nat(7)), (topics, declines, before) => {
        const members = membersOf(declines, topics)
        const former = new Map<string, string>()
        const owners = targetAssignment(members, topics, (topicId, partition) => {
          const place = `${topicId}/${partition}`
          if (!former.has(place)) former.set(place, `m-${before.next().value}`)
          return { owner: former.get(place)!, ownedSince: 1, holder: '' }
        })
        const all = placed(owners)
        const loadOf = ({ id, declined }: (typeof members)[number]): number => {
          return all.filter(({ place, owner }) => owner === id || declined.has(place)).length
        }
        for (const { place, owner } of all) {
          const takers = members.filter(({ declined }) => !declined.has(place)).map(({ id }) => id)
          if (takers.length === 0) expect(owner).toBe('')
          else expect(takers).toContain(owner)
        }
        for (const start of members) {
          const reached = new Set([start])
          for (const giver of reached) {
            for (const { place } of all.filter(({ owner }) => owner === giver.id)) {
              for (const other of members) if (!other.declined.has(place)) reached.add(other)
            }
          }
          for (const other of reached) expect(loadOf(start) - loadOf(other)).toBeLessThanOrEqual(1)
        }
        const again = targetAssignment(members, topics, (topicId, partition) => {
          return { owner: owners.get(topicId)![partition]!, ownedSince: 1, holder: '' }
        })
        expect(again).toEqual(owners)
        const backwards = targetAssignment([...members].reverse(), [...topics].reverse(), none)
        expect(backwards).toEqual(targetAssignment(members, topics, none))
      }),
      { numRuns: 500 },
    )
  })

  test('the member keeps its others; the partition comes back, and nothing else moves, when it takes it again', () => {
    const topics = [{ topicId: 't-0', partitions: 6 }]
    const members = subscribersOfAll(3, topics)
    const history = new AssignmentHistory()
    const first = history.assign(members, topics).get('t-0')!
    history.moves.clear()
    const declined = first.indexOf('m-1')
    const busy = members.map((member) => ({
      ...member,
      declined: new Set(member.id === 'm-1' ? [`t-0/${declined}`] : []),
    }))
    const meanwhile = history.assign(busy, topics).get('t-0')!
    expect(meanwhile[declined]).not.toBe('m-1')
    expect([...history.moves]).toEqual([[`t-0/${declined}`, 1]])
    expect(history.assign(members, topics).get('t-0')).toEqual(first)
    expect([...history.moves]).toEqual([[`t-0/${declined}`, 2]])
  })

  test('of a single member have nobody', () => {
    const topics = [{ topicId: 't-0', partitions: 3 }]
    const [member] = subscribersOfAll(1, topics)
    const owners = targetAssignment([{ ...member!, declined: new Set(['t-0/1', 't-9/0']) }], topics, none)
    expect(owners.get('t-0')).toEqual(['m-0', '', 'm-0'])
  })

  test('by many members of many partitions take less than 20 ms', () => {
    const topics = Array.from({ length: 10 }, (_, at) => ({ topicId: `t-${at}`, partitions: 100 }))
    const members = subscribersOfAll(100, topics).map((member, at) => {
      return { ...member, declined: new Set([`t-${at % 10}/${at}`]) }
    })
    const history = new AssignmentHistory()
    history.assign(members, topics)
    const times = Array.from({ length: 5 }, () => {
      const start = process.cpuUsage()
      targetAssignment(members, topics, history.former)
      return process.cpuUsage(start).user / 1000
    })
    expect(Math.min(...times)).toBeLessThan(20)
  })
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
