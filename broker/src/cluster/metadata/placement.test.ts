import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placePartitions } from './placement.ts'
import { type RackedBroker, rackedBroker } from './racks.ts'

const room = new Map<number, number>()
const none = { replicas: new Map<number, number>(), leaders: new Map<number, number>(), room }

function countsOf(ids: readonly number[], lists: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map(ids.map((id) => [id, 0]))
  for (const list of lists) for (const id of list) counts.set(id, counts.get(id)! + 1)
  return counts
}

const spread = (counts: Map<number, number>): number => Math.max(...counts.values()) - Math.min(...counts.values())

/** Each on a host of its own, without racks. */
function alone(ids: readonly number[]): RackedBroker[] {
  return ids.map((id) => rackedBroker({ id, peer: `host-${id}:7080` }))
}

const brokers = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 })

test('one topic: distinct replicas, and counts of replicas and of leaders differ by at most one', () => {
  const cases = fc.record({ ids: brokers, partitions: fc.integer({ min: 1, max: 60 }), replicas: fc.nat() })
  fc.assert(
    fc.property(cases, ({ ids, partitions, replicas: any }) => {
      const replicas = 1 + (any % ids.length)
      const placed = placePartitions(alone(ids), none, partitions, replicas)
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
      expect(placePartitions(alone([...ids].reverse()), none, partitions, replicas)).toEqual(placed)
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
          room,
        }
        all.push(...placePartitions(alone(ids), load, partitions, 1 + (replicas % ids.length)))
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
        const load = { replicas: countsOf(ids, all), leaders: countsOf(ids, leaders()), room }
        all.push(...placePartitions(alone(ids), load, partitions, 1 + (any % ids.length)))
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
  const placed = placePartitions(alone([1, 2, 3, 4]), none, 12, 2)
  const heirs = placed.filter((list) => list[0] === 1).map((list) => list[1])
  expect(new Set(heirs).size).toBeGreaterThan(1)
})

/** Brokers 1, 2, … of these racks, each a list of hosts with their number of brokers. */
function racked(racks: readonly (readonly number[])[]): RackedBroker[] {
  let id = 0
  return racks.flatMap((hosts, rack) =>
    hosts.flatMap((count, host) =>
      Array.from({ length: count }, () => rackedBroker({ id: ++id, peer: `${rack}-${host}:70`, rack: `rack-${rack}` })),
    ),
  )
}

const racks = fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 5,
})

/** How often each place occurs, of those that occur in `all`. */
function countsBy(all: readonly string[], names: readonly string[]): number[] {
  return [...new Set(all)].map((place) => names.filter((name) => name === place).length)
}

test('replicas share a rack, then a host, only as far as there are too few', () => {
  fc.assert(
    fc.property(racks, fc.integer({ min: 1, max: 20 }), fc.nat(), (shape, partitions, any) => {
      const all = racked(shape)
      const replicas = 1 + (any % all.length)
      const of = (id: number): RackedBroker => all.find((some) => some.id === id)!
      for (const list of placePartitions(all, none, partitions, replicas)) {
        expect(new Set(list).size).toBe(replicas)
        const inRacks = countsBy(
          all.map(({ rack }) => rack),
          list.map((id) => of(id).rack),
        )
        // A rack has two more than another one only if that one has no more brokers.
        shape.forEach((hosts, rack) => {
          const size = hosts.reduce((sum, count) => sum + count, 0)
          const most = Math.max(...inRacks)
          expect(inRacks[rack] === size || inRacks[rack]! >= most - 1).toBe(true)
          const inHosts = countsBy(
            hosts.map((_, host) => `${rack}-${host}`),
            list.map((id) => of(id).host),
          )
          const mostHere = Math.max(...inHosts)
          hosts.forEach((count, host) => {
            expect(inHosts[host] === count || inHosts[host]! >= mostHere - 1).toBe(true)
          })
        })
      }
    }),
  )
})

test('topic after topic on racks of the same size: counts of replicas differ by at most one', () => {
  const shapes = fc.record({ count: fc.integer({ min: 1, max: 4 }), size: fc.integer({ min: 1, max: 3 }) })
  const topics = fc.array(fc.record({ partitions: fc.integer({ min: 1, max: 20 }), replicas: fc.nat() }), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(shapes, topics, ({ count, size }, wanted) => {
      const all = racked(Array.from({ length: count }, () => [size]))
      const ids = all.map(({ id }) => id)
      const lists: number[][] = []
      for (const { partitions, replicas } of wanted) {
        const load = { replicas: countsOf(ids, lists), leaders: new Map<number, number>(), room }
        lists.push(...placePartitions(all, load, partitions, 1 + (replicas % all.length)))
      }
      expect(spread(countsOf(ids, lists))).toBeLessThanOrEqual(1)
    }),
  )
})

test('a rack with fewer brokers than others gets no more replicas for each than racks force it to', () => {
  // Each partition needs one of the two in rack 1 and one of the four in rack 0.
  const counts = countsOf([1, 2, 3, 4, 5, 6], placePartitions(racked([[4], [2]]), none, 8, 2))
  expect([...counts.values()]).toEqual([2, 2, 2, 2, 4, 4])
  // Three racks for two replicas: all can have the same.
  const even = countsOf([1, 2, 3, 4], placePartitions(racked([[2], [1], [1]]), none, 8, 2))
  expect([...even.values()]).toEqual([4, 4, 4, 4])
})

test('brokers without a rack stand in one for each host; a text that is no address is a host', () => {
  expect(rackedBroker({ id: 1, peer: '[::1]:70' })).toEqual({ id: 1, rack: 'host ::1', host: '::1' })
  expect(rackedBroker({ id: 2, peer: '10.0.0.1:70', rack: 'a' })).toEqual({ id: 2, rack: 'a', host: '10.0.0.1' })
  expect(rackedBroker({ id: 3, peer: 'x' }).host).toBe('x')
})

test('brokers without room get replicas only as far as the others are too few, whatever their racks', () => {
  const cases = fc.record({ shape: racks, partitions: fc.integer({ min: 1, max: 20 }), any: fc.nat(), full: fc.nat() })
  fc.assert(
    fc.property(cases, ({ shape, partitions, any, full }) => {
      const all = racked(shape)
      const replicas = 1 + (any % all.length)
      const isFull = (id: number): boolean => ((full >> (id % 16)) & 1) === 1
      const open = all.filter(({ id }) => !isFull(id)).length
      const load = { ...none, room: new Map(all.map(({ id }) => [id, isFull(id) ? 0 : 1_000])) }
      for (const list of placePartitions(all, load, partitions, replicas)) {
        expect(list.filter(isFull)).toHaveLength(Math.max(0, replicas - open))
      }
    }),
  )
})

test('a broker gets no more replicas than it has room for, while others have some', () => {
  const load = { ...none, room: new Map([[1, 2]]) }
  const counts = countsOf([1, 2, 3], placePartitions(alone([1, 2, 3]), load, 6, 2))
  expect(counts).toEqual(new Map([1, 2, 3].map((id) => [id, id === 1 ? 2 : 5])))
})
