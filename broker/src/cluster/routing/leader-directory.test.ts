import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { LeaderDirectory } from './leader-directory.ts'

let clock: ManualClock
let connected: Set<number>
let announced: { group: number; term: number }[][]
let changed: number[]
let gone: Set<number>
let refused: object[]
let directory: LeaderDirectory

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  connected = new Set([2, 3])
  announced = []
  changed = []
  gone = new Set()
  refused = []
  directory = new LeaderDirectory({
    brokerId: 1,
    clock,
    connected: (peer) => connected.has(peer),
    announce: (leaders) => void announced.push(leaders),
    logger: { info: () => {}, warn: (fields) => void refused.push(fields), error: () => {} },
    mayExist: (group) => !gone.has(group),
    onChange: (group) => void changed.push(group),
  })
})

test('among announced leaderships the highest term wins', () => {
  directory.announced(2, [{ group: 5, term: 4 }])
  directory.announced(3, [{ group: 5, term: 3 }])
  expect(directory.lookup(5)).toEqual({ leader: 2, term: 4 })
  directory.own(5, 6, 0)
  directory.announced(2, [{ group: 5, term: 5 }])
  expect(directory.lookup(5)).toEqual({ leader: 0, term: 6 })
  directory.announced(3, [{ group: 5, term: 6 }])
  expect(directory.lookup(5)).toEqual({ leader: 3, term: 6 })
})

describe('an announcement that is not true', () => {
  test('does not count where a replica here knows a leader, and is dropped when a replica here finds one', () => {
    directory.own(5, 6, 3)
    directory.announced(2, [{ group: 5, term: 9 }])
    expect(directory.lookup(5)).toEqual({ leader: 3, term: 6 })
    directory.own(5, 6, 0)
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 9 })
    directory.own(5, 7, 1)
    expect(directory.lookup(5)).toEqual({ leader: 1, term: 7 })
    // The replica has gone from here: its last knowledge does not count any more.
    directory.own(5, 7, 3)
    directory.disown(5)
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 9 })
  })

  test('of a term that no elections can have led to is refused and reported', () => {
    directory.announced(2, [{ group: 5, term: 4 }])
    const far = 2 ** 20 + 4
    expect(directory.announced(3, [{ group: 5, term: far + 1 }])).toBe(1)
    expect(directory.announced(3, [{ group: 5, term: 2 ** 31 - 1 }])).toBe(1)
    expect(directory.announced(3, [{ group: 6, term: 2 ** 31 }])).toBe(1)
    expect(refused[0]).toMatchObject({ from: 3, group: 5, term: far + 1, known: 4 })
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 4 })
    expect(directory.announced(3, [{ group: 5, term: far }])).toBe(0)
    expect(directory.lookup(5)).toEqual({ leader: 3, term: far })
  })

  test('is forgotten when no broker repeats it, so that the true leader counts again', async () => {
    directory.announced(3, [{ group: 5, term: 1_000_000 }])
    directory.deny(5, { leader: 3, term: 1_000_000 })
    directory.announced(2, [{ group: 5, term: 4 }])
    expect(directory.lookup(5)).toEqual({ leader: 0, term: 1_000_000 })
    await clock.advance(25_000)
    directory.announced(2, [{ group: 5, term: 4 }])
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 4 })
    // A broker's later announcement replaces its former one.
    directory.announced(2, [{ group: 5, term: 3 }])
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 3 })
  })

  test('by a broker that turns out to have no replica of the group is taken back', () => {
    directory.announced(2, [{ group: 5, term: 4 }])
    directory.review(5, (broker) => broker === 2)
    expect(directory.lookup(5)).toEqual({ leader: 2, term: 4 })
    directory.review(5, (broker) => broker === 3)
    expect(directory.lookup(5)).toEqual({ leader: 0, term: 0 })
  })
})

test('a leader that cannot be reached is none until it is back, and its term is kept', () => {
  directory.announced(2, [{ group: 5, term: 4 }])
  connected.delete(2)
  directory.link(2, false)
  expect(directory.lookup(5)).toEqual({ leader: 0, term: 4 })
  directory.announced(3, [{ group: 5, term: 3 }])
  expect(directory.lookup(5)).toEqual({ leader: 0, term: 4 })
  connected.add(2)
  directory.link(2, true)
  expect(directory.lookup(5)).toEqual({ leader: 2, term: 4 })
  expect(changed).toEqual([5, 5, 5])
})

test('a denial counts for the term that was asked only', () => {
  directory.announced(2, [{ group: 5, term: 4 }])
  directory.deny(5, { leader: 2, term: 3 })
  expect(directory.lookup(5).leader).toBe(2)
  directory.deny(5, { leader: 2, term: 4 })
  expect(directory.lookup(5)).toEqual({ leader: 0, term: 4 })
  directory.announced(2, [{ group: 5, term: 5 }])
  expect(directory.lookup(5).leader).toBe(2)
})

test('own leaderships of one turn are announced together, all of them on a new link and now and then', async () => {
  directory.own(5, 1, 1)
  directory.own(6, 2, 1)
  directory.own(7, 2, 3)
  await clock.advance(0)
  expect(announced).toEqual([
    [
      { group: 5, term: 1 },
      { group: 6, term: 2 },
    ],
  ])
  directory.own(5, 2, 3)
  await clock.advance(0)
  expect(announced).toHaveLength(1)
  directory.link(2, true)
  await clock.advance(0)
  expect(announced[1]).toEqual([{ group: 6, term: 2 }])
  await clock.advance(10_000)
  expect(announced[2]).toEqual([{ group: 6, term: 2 }])
})

test('a caller that waits for a leader gets the first that can be reached, or an error in time', async () => {
  const waiting = directory.leaderOf(5, 1000)
  connected.delete(2)
  directory.announced(2, [{ group: 5, term: 4 }])
  await clock.advance(500)
  directory.announced(3, [{ group: 5, term: 5 }])
  await clock.advance(0)
  await expect(waiting).resolves.toEqual({ leader: 3, term: 5 })

  const late = expect(directory.leaderOf(9, 1000)).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
  await clock.advance(1000)
  await late
})

test('late announcements of a deleted group take no memory', () => {
  directory.announced(2, [{ group: 5, term: 4 }])
  gone.add(5)
  directory.forget(5)
  directory.announced(2, [{ group: 5, term: 4 }])
  expect(directory.lookup(5)).toEqual({ leader: 0, term: 0 })
})
