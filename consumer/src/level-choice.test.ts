import { expect, test } from 'vitest'
import { chooseBroker, type LevelBroker, type LevelRules, rankOf, shareToMove } from './level-choice.ts'

const rules: LevelRules = { maxLevel: 9, rack: '', maxLagMs: 1_000 }
const load = { connections: 5, lagMs: 10, ready: true }
const broker = (id: number, change: Partial<LevelBroker> = {}): LevelBroker => {
  return {
    id,
    address: `ws://h:${id}`,
    level: Math.floor(id / 100),
    alive: true,
    rack: '',
    load,
    topics: [],
    ...change,
  }
}
const loaded = (id: number, connections: number) => broker(id, { load: { ...load, connections } })
const none = new Set<number>()
/** The numbers one after the other, again and again. */
const numbers = (...given: number[]) => {
  let at = 0
  return () => given[at++ % given.length]!
}
const chosen = (
  brokers: LevelBroker[],
  change: Partial<LevelRules> = {},
  avoided: number[] = [],
  taken: ReadonlySet<number> = none,
) => {
  const ids = new Set<number | undefined>()
  for (const a of [0, 0.3, 0.6, 0.99]) {
    for (const b of [0, 0.5, 0.99]) {
      const isAvoided = (id: number) => avoided.includes(id)
      const choosing = { topic: 'orders.eu', isAvoided, taken, random: numbers(a, b) }
      ids.add(chooseBroker(brokers, { ...rules, ...change }, choosing)?.id)
    }
  }
  return [...ids].sort()
}

test('the deepest level that is well, but none deeper than allowed', () => {
  const brokers = [broker(1), broker(101), broker(201), broker(202)]
  expect(chosen(brokers)).toEqual([201, 202])
  expect(chosen(brokers, { maxLevel: 1 })).toEqual([101])
  expect(chosen(brokers, { maxLevel: 0 })).toEqual([undefined])
  expect(chosen(brokers, {}, [201, 202])).toEqual([101])
  expect(chosen(brokers, {}, [201, 202, 101])).toEqual([undefined])
})

test.each([
  ['is not alive', { alive: false }],
  ['is too far behind', { load: { ...load, lagMs: 1_001 } }],
  ['does not copy the topic', { topics: ['orders', 'flights.*'] }],
  ['is not ready', { load: { ...load, ready: false } }],
])('a broker that %s is not chosen', (_, change) => {
  expect(chosen([broker(101), broker(201, change)])).toEqual([101])
  expect(chosen([broker(201, change)])).toEqual([undefined])
})

test('a broker of an earlier version tells no load, and is taken for well', () => {
  expect(chosen([broker(101, { load: null })])).toEqual([101])
  expect(chosen([loaded(101, -1), loaded(102, 4)])).toEqual([101, 102])
})

test('within a level the own rack counts, but no other level for it', () => {
  const brokers = [broker(101, { rack: 'east' }), broker(201, { rack: 'west' }), broker(202), broker(203)]
  expect(chosen(brokers, { rack: 'west' })).toEqual([201])
  expect(chosen(brokers, { rack: 'east' })).toEqual([201, 202, 203])
  expect(chosen(brokers, { rack: 'west' }, [201])).toEqual([202, 203])
  expect(rankOf(null, rules)).toBeLessThan(rankOf(brokers[0]!, rules))
})

test('a broker that copies some topics is chosen for these', () => {
  expect(chosen([broker(101), broker(201, { topics: ['flights', 'orders.*'] })])).toEqual([201])
  expect(chosen([broker(101), broker(201, { topics: ['orders.eu'] })])).toEqual([201])
})

test('a broker that the program reads from already is taken again, unless another one is preferred', () => {
  const brokers = [broker(101), loaded(201, 0), loaded(202, 90), broker(203, { rack: 'east' })]
  expect(chosen(brokers, {}, [], new Set([202]))).toEqual([202])
  expect(chosen(brokers, {}, [], new Set([101]))).not.toContain(101)
  expect(chosen(brokers, { rack: 'east' }, [], new Set([202]))).toEqual([203])
})

test('of two that are drawn the one with fewer connections is taken', () => {
  expect(chosen([loaded(101, 9), loaded(102, 2)])).toEqual([102])
  expect(chosen([loaded(101, 9), loaded(102, 2), loaded(103, 5)])).toEqual([102, 103])
})

test('10,000 clients that are told the same load do not all go to the broker with the least', () => {
  const brokers = Array.from({ length: 20 }, (_, at) => loaded(201 + at, 100 - at))
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const counts = new Map<number, number>()
  for (let n = 0; n < 10_000; n++) {
    const { id } = chooseBroker(brokers, rules, { topic: 't', isAvoided: () => false, taken: none, random })!
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  // The lightest is in two draws out of twenty.
  expect(Math.max(...counts.values())).toBeLessThan(1_200)
  expect(counts.size).toBe(19)
})

test('programs go back to a broker that has started again until it has its part, and no more', () => {
  let connections = [10_000, 0]
  let told = connections
  const most: number[] = []
  // A fifth of the programs look while what is told is the same; it is one turn old.
  for (let turn = 0; turn < 60; turn++) {
    const moved = told.map((_, at) => {
      return 0.2 * connections[at]! * shareToMove(loaded(201, told[at]!), loaded(202, told[1 - at]!))
    })
    told = connections
    connections = connections.map((count, at) => Math.round(count - moved[at]! + moved[1 - at]!))
    most.push(connections[1]!)
  }
  expect(Math.max(...most)).toBeLessThan(5_500)
  expect(connections[1]).toBeGreaterThan(3_000)
  expect(shareToMove(loaded(201, 120), loaded(202, 30))).toBe(0)
  expect(shareToMove(loaded(201, 1_000), loaded(202, -1))).toBe(0)
})
