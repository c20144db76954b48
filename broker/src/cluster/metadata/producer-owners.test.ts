import { beforeEach, expect, test } from 'vitest'
import { ANONYMOUS } from '../../security/identity/principal.ts'
import { IDS_OF_OWNER, MOST_OWNERS, type ProducerCounters, ProducerOwners } from './producer-owners.ts'

let counters: ProducerCounters
let owners: ProducerOwners

beforeEach(() => {
  counters = { nextProducer: 500, lastOwner: 0 }
  owners = new ProducerOwners(counters)
})

test('each principal has a range of its own; ids of anonymous clients go on where they were', () => {
  expect(owners.take(ANONYMOUS, 100)).toEqual({ first: 500 })
  expect(owners.take('User:a', 100)).toEqual({
    first: IDS_OF_OWNER,
    owner: { number: 1, principal: 'User:a', next: 100 },
  })
  expect(owners.take('User:b', 10)?.first).toBe(2 * IDS_OF_OWNER)
  expect(owners.take('User:a', 1)?.first).toBe(IDS_OF_OWNER + 100)
  expect(counters).toEqual({ nextProducer: 600, lastOwner: 2 })
})

test('an id is its principal’s, given or not; those of anonymous clients are anybody’s', () => {
  owners.take('User:a', 100)
  for (const [id, owner, isGiven] of [
    [0, ANONYMOUS, true],
    [499, ANONYMOUS, true],
    [500, ANONYMOUS, false],
    [IDS_OF_OWNER - 1, ANONYMOUS, false],
    [IDS_OF_OWNER, 'User:a', true],
    [IDS_OF_OWNER + 99, 'User:a', true],
    [IDS_OF_OWNER + 100, 'User:a', false],
    [2 * IDS_OF_OWNER, ANONYMOUS, false],
  ] as const) {
    expect([id, owners.ownerOf(id), owners.isGiven(id)]).toEqual([id, owner, isGiven])
  }
})

test('a range that is used up is followed by another one', () => {
  owners.put({ number: 1, principal: 'User:a', next: IDS_OF_OWNER - 10 })
  counters.lastOwner = 1
  expect(owners.take('User:a', 10)?.first).toBe(2 * IDS_OF_OWNER - 10)
  expect(owners.take('User:a', 10)).toEqual({
    first: 2 * IDS_OF_OWNER,
    owner: { number: 2, principal: 'User:a', next: 10 },
  })
  expect([owners.ownerOf(IDS_OF_OWNER), owners.ownerOf(2 * IDS_OF_OWNER)]).toEqual(['User:a', 'User:a'])
})

test('anonymous ids never come into the range of a principal', () => {
  owners.take('User:a', 10)
  counters.nextProducer = IDS_OF_OWNER - 5
  const next = owners.take(ANONYMOUS, 10)!
  expect(next).toEqual({ first: 2 * IDS_OF_OWNER, owner: { number: 2, principal: ANONYMOUS, next: 10 } })
  expect([owners.ownerOf(next.first), owners.isGiven(next.first)]).toEqual([ANONYMOUS, true])
  counters.nextProducer = IDS_OF_OWNER + 3
  expect(owners.take(ANONYMOUS, 1)?.first).toBe(2 * IDS_OF_OWNER + 10)
})

test('a cluster that has given out very many ids before owners begins its owners behind them', () => {
  counters.nextProducer = 3e9
  expect(owners.take(ANONYMOUS, 10)).toEqual({ first: 3e9 })
  expect(owners.take('User:a', 10)?.first).toBe(2 * IDS_OF_OWNER)
  expect([owners.ownerOf(2.9e9), owners.isGiven(2.9e9)]).toEqual([ANONYMOUS, true])
})

test('after members were forced no number and no id is given that may have been given before', () => {
  owners.take('User:a', 10)
  expect(owners.skip()).toEqual([{ number: 1, principal: 'User:a', next: 10_000_010 }])
  expect(owners.isGiven(IDS_OF_OWNER + 5_000_000)).toBe(true)
  expect(owners.take('User:a', 1)?.first).toBe(IDS_OF_OWNER + 10_000_010)
  expect(owners.take('User:b', 1)?.first).toBeGreaterThan(1000 * IDS_OF_OWNER)
  for (let count = 0; count < 300; count++) owners.skip()
  expect(owners.isGiven(2 * IDS_OF_OWNER - 1)).toBe(true)
  expect(owners.take('User:a', 1)?.first).toBeGreaterThan(300_000 * IDS_OF_OWNER)
})

test('owners and their numbers are bounded, and every id is exact', () => {
  for (let number = 1; number <= MOST_OWNERS; number++) owners.put({ number, principal: `User:${number}`, next: 0 })
  expect(owners.take('User:more', 1)).toBeNull()
  expect(owners.take('User:7', 1)?.first).toBe(7 * IDS_OF_OWNER)
  owners.clear()
  counters.lastOwner = 2 ** 22 - 2
  const { first } = owners.take('User:last', IDS_OF_OWNER)!
  expect(Number.isSafeInteger(first + IDS_OF_OWNER - 1)).toBe(true)
  expect(owners.take('User:more', 1)).toBeNull()
})
