import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placePartitions } from './placement.ts'

const none = { replicas: new Map<number, number>(), leaders: new Map<number, number>() }

function countsOf(ids: readonly number[], lists: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map(ids.map((id) => [id, 0]))
  for (const list of lists) for (const id of list) counts.set(id, counts.get(id)! + 1)
  return counts
}

const spread = (counts: Map<number, number>): number => Math.max(...counts.values()) - Math.min(...counts.values())

const brokers = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 })

test('one topic: distinct replicas, and counts of replicas and of leaders differ by at most one', () => {
  const cases = fc.record({ ids: brokers, partitions: fc.integer({ min: 1, max: 60 }), replicas: fc.nat() })
  fc.assert(
    fc.property(cases, ({ ids, partitions, replicas: any }) => {
      const replicas = 1 + (any % ids.length)
      const placed = placePartitions(ids, none, partitions, replicas)
      expect(placed).toHaveLength(partitions)
      for (const list of placed) expect(new Set(list).size).toBe(replicas)
      expect(spread(countsOf(ids, placed))).toBeLessThanOrEqual(1)
      expect(
        spread(
          countsOf(
            ids,
            placed.map((list) => [list[0]!]),
          ),
        ),
      ).toBeLessThanOrEqual(1)
      expect(placePartitions([...ids].reverse(), none, partitions, replicas)).toEqual(placed)
    }),
    // Two groups of brokers share no partition here, and both have one that leads two.
    { examples: [[{ ids: [1, 2, 3, 4, 5, 6, 7, 8], partitions: 9, replicas: 1 }]] },
  )
})

test('topic after topic: counts of replicas still differ by at most one', () => {
  const topics = fc.array(fc.record({ partitions: fc.integer({ min: 1, max: 20 }), replicas: fc.nat() }), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(brokers, topics, (ids, wanted) => {
      const all: number[][] = []
      for (const { partitions, replicas } of wanted) {
        const load = {
          replicas: countsOf(ids, all),
          leaders: countsOf(
            ids,
            all.map((list) => [list[0]!]),
          ),
        }
        all.push(...placePartitions(ids, load, partitions, 1 + (replicas % ids.length)))
      }
      expect(spread(countsOf(ids, all))).toBeLessThanOrEqual(1)
    }),
  )
})

test('topic after topic of the same number of replicas: counts of leaders differ by at most two, and rarely by three', () => {
  let threes = 0
  fc.assert(
    fc.property(brokers, fc.nat(), fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 }), (ids, any, wanted) => {
      const all: number[][] = []
      const leaders = (): number[][] => all.map((list) => [list[0]!])
      for (const partitions of wanted) {
        const load = { replicas: countsOf(ids, all), leaders: countsOf(ids, leaders()) }
        all.push(...placePartitions(ids, load, partitions, 1 + (any % ids.length)))
      }
      const differ = spread(countsOf(ids, leaders()))
      expect(differ).toBeLessThanOrEqual(3)
      if (differ === 3) threes += 1
    }),
    { examples: [[[1, 2, 3, 4, 5, 6, 7, 8], 1, [10, 10, 19, 10, 3]]] },
  )
  expect(threes).toBeLessThan(5)
})

test('a lost broker leaves its leaders to several others', () => {
  const placed = placePartitions([1, 2, 3, 4], none, 12, 2)
  const heirs = placed.filter((list) => list[0] === 1).map((list) => list[1])
  expect(new Set(heirs).size).toBeGreaterThan(1)
})
