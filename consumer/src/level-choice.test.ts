import { expect, test } from 'vitest'
import { chooseBroker, type LevelBroker, type LevelRules, rankOf } from './level-choice.ts'

const rules: LevelRules = { maxLevel: 9, rack: '', maxLagMs: 1_000 }
const load = { connections: 5, lagMs: 10, ready: true }
const broker = (id: number, change: Partial<LevelBroker> = {}): LevelBroker => {
  return { id, address: `ws://h:${id}`, level: Math.floor(id / 100), alive: true, rack: '', load, ...change }
}
const loaded = (id: number, connections: number) => broker(id, { load: { ...load, connections } })
const none = () => false
/** The numbers one after the other, again and again. */
const numbers = (...given: number[]) => {
  let at = 0
  return () => given[at++ % given.length]!
}
const chosen = (brokers: LevelBroker[], change: Partial<LevelRules> = {}, avoided: number[] = []) => {
  const ids = new Set<number | undefined>()
  for (const a of [0, 0.3, 0.6, 0.99]) {
    for (const b of [0, 0.5, 0.99]) {
      ids.add(chooseBroker(brokers, { ...rules, ...change }, (id) => avoided.includes(id), numbers(a, b))?.id)
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
    const { id } = chooseBroker(brokers, rules, none, random)!
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  // The lightest is in two draws out of twenty.
  expect(Math.max(...counts.values())).toBeLessThan(1_200)
  expect(counts.size).toBe(19)
})
