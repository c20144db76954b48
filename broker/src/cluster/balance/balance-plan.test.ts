import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AT_REST, BalancePlan, BEGUN } from './balance-plan.ts'
import type { Hysteresis } from './broker-shares.ts'
import type { ClusterPicture, Move, PicturedBroker, PicturedPartition } from './picture.ts'
import { isWorse, spreadOf } from './spread.ts'

const MiB = 1024 * 1024

function broker(id: number, changes: Partial<PicturedBroker> = {}): PicturedBroker {
  const host = `host-${id}`
  return {
    id,
    rack: host,
    host,
    up: true,
    leaving: null,
    open: true,
    roomBytes: 2 ** 40,
    roomReplicas: 1000,
    ...changes,
  }
}

function partition(group: number, replicas: readonly number[], changes: Partial<PicturedPartition> = {}) {
  const load = { bytes: 100 * MiB, bytesPerSecond: MiB }
  return { group, replicas, leaderFixed: false, settled: true, ...load, ...changes }
}

function movesOf(picture: ClusterPicture, hysteresis: Hysteresis | null = BEGUN): Move[] {
  const plan = new BalancePlan(picture, hysteresis)
  const moves: Move[] = []
  for (let move = plan.next(); move !== null; move = plan.next()) {
    moves.push(move)
    if (moves.length > 5000) throw new Error('the plan does not end')
  }
  return moves
}

/** The picture after these moves. */
function after({ brokers, partitions }: ClusterPicture, moves: readonly Move[]): ClusterPicture {
  const placed = new Map(partitions.map((some) => [some.group, some.replicas]))
  for (const { group, from, to } of moves) {
    expect(placed.get(group)).toEqual(from)
    placed.set(group, to)
  }
  return { brokers, partitions: partitions.map((some) => ({ ...some, replicas: placed.get(some.group)! })) }
}

const counts = ({ brokers, partitions }: ClusterPicture, of: (replicas: readonly number[]) => readonly number[]) =>
  brokers.map(({ id }) => partitions.filter(({ replicas }) => of(replicas).includes(id)).length)
const replicasOf = (picture: ClusterPicture): number[] => counts(picture, (replicas) => replicas)
const leadersOf = (picture: ClusterPicture): number[] => counts(picture, ([leader]) => [leader!])

/** Thirty partitions, spread evenly over brokers 1 to 3. */
const thirty = Array.from({ length: 30 }, (_, at) =>
  partition(
    at + 1,
    [0, 1, 2].map((by) => 1 + ((at + by) % 3)),
  ),
)

describe('load', () => {
  test('new brokers get their share of replicas and leaderships', () => {
    const picture = { brokers: [1, 2, 3, 4, 5].map((id) => broker(id)), partitions: thirty }
    const moves = movesOf(picture, AT_REST)
    const levelled = after(picture, moves)
    expect(replicasOf(levelled)).toEqual([18, 18, 18, 18, 18])
    expect(leadersOf(levelled)).toEqual([6, 6, 6, 6, 6])
    // No more than go to the new ones.
    expect(moves.filter(({ kind }) => kind === 'replica')).toHaveLength(36)
    expect(moves.at(-1)!.imbalanceAfter).toBeCloseTo(0)
  })

  test('a balanced cluster moves nothing, also where its loads differ a little', () => {
    const uneven = thirty.map((some, at) => ({ ...some, bytesPerSecond: MiB * (1 + (at % 7) / 200) }))
    expect(movesOf({ brokers: [1, 2, 3].map((id) => broker(id)), partitions: uneven }, AT_REST)).toEqual([])
  })

  test('one large partition is worth as much as many small ones', () => {
    const large = partition(1, [1], { bytes: 1000 * MiB, bytesPerSecond: 0 })
    const small = [2, 3, 4, 5, 6].map((group) => partition(group, [1], { bytes: 200 * MiB, bytesPerSecond: 0 }))
    const picture = { brokers: [broker(1), broker(2)], partitions: [large, ...small] }
    const levelled = after(picture, movesOf(picture))
    const bytes = levelled.partitions
      .filter(({ replicas }) => replicas[0] === 1)
      .reduce((sum, some) => sum + some.bytes, 0)
    expect(bytes / MiB).toBe(1000)
  })

  test('leaderships move by traffic, over a chain of brokers if need be', () => {
    // Broker 1 leads three and shares no partition with 3, which leads one.
    const lists = [
      [1, 2],
      [1, 2],
      [1, 2],
      [2, 3],
      [2, 3],
      [3, 2],
    ]
    const partitions = lists.map((replicas, at) => partition(at + 1, replicas))
    const picture = { brokers: [broker(1), broker(2), broker(3)].map((some) => ({ ...some, open: false })), partitions }
    const moves = movesOf(picture)
    expect(moves.every(({ kind, bytes }) => kind === 'leader' && bytes === 0)).toBe(true)
    expect(leadersOf(after(picture, moves))).toEqual([2, 2, 2])
  })

  test('nothing goes where there is no room, nor away from partitions that change or miss a replica', () => {
    const brokers = [
      broker(1),
      broker(2),
      broker(3),
      broker(4, { roomBytes: 250 * MiB, roomReplicas: 9 }),
      broker(5, { roomReplicas: 1 }),
    ]
    const levelled = after({ brokers, partitions: thirty }, movesOf({ brokers, partitions: thirty }))
    expect(replicasOf(levelled).slice(3)).toEqual([2, 1])
    const unsettled = thirty.map((some) => ({ ...some, settled: false }))
    expect(movesOf({ brokers: [1, 2, 3, 4].map((id) => broker(id)), partitions: unsettled })).toEqual([])
    const down = [broker(1, { up: false, open: false }), broker(2), broker(3), broker(4)]
    expect(movesOf({ brokers: down, partitions: thirty }).filter(({ kind }) => kind === 'replica')).toEqual([])
  })
})

describe('brokers that are to be emptied', () => {
  const four = [1, 2, 3, 4].map((id) => broker(id))

  test('lose their leaderships first, then all replicas', () => {
    const drained = four.map((some) => (some.id === 2 ? { ...some, leaving: 'drained' as const, open: false } : some))
    const picture = { brokers: drained, partitions: thirty }
    const moves = movesOf(picture, null)
    expect(moves.slice(0, 10).every(({ kind, why }) => kind === 'leader' && why === 'leaving')).toBe(true)
    const levelled = after(picture, moves)
    expect([replicasOf(levelled)[1], leadersOf(levelled)[1]]).toEqual([0, 0])
    // Only what has to go has moved.
    expect(moves.filter(({ kind }) => kind === 'replica')).toHaveLength(30)
  })

  test('keep what others cannot take', () => {
    const drained = [broker(1), broker(2, { leaving: 'drained', open: false }), broker(3)]
    const picture = { brokers: drained, partitions: thirty }
    expect(replicasOf(after(picture, movesOf(picture)))).toEqual([30, 30, 30])
    expect(leadersOf(after(picture, movesOf(picture)))).toEqual([15, 0, 15])
  })

  test('a lost one is not replaced within a rack that has a replica already, a drained one is', () => {
    const racks = ['a', 'b', 'c', 'a'].map((rack, at) => broker(at + 1, { rack }))
    const without = (leaving: 'lost' | 'drained'): PicturedBroker[] =>
      racks.map((some) => (some.id === 2 ? { ...some, leaving, up: leaving === 'drained', open: false } : some))
    const partitions = [partition(1, [1, 2, 3])]
    expect(movesOf({ brokers: without('lost'), partitions }, null)).toEqual([])
    expect(movesOf({ brokers: without('drained'), partitions }, null)).toMatchObject([{ to: [1, 4, 3] }])
    // Without racks each broker stands alone.
    const alone = four.map((some) =>
      some.id === 2 ? { ...some, leaving: 'lost' as const, up: false, open: false } : some,
    )
    expect(movesOf({ brokers: alone, partitions }, null)).toMatchObject([{ to: [1, 4, 3], why: 'leaving' }])
  })

  test('a partition without a majority is left alone', () => {
    const lost = four.map((some) =>
      some.id < 3 ? { ...some, leaving: 'lost' as const, up: false, open: false } : some,
    )
    expect(
      movesOf({ brokers: lost, partitions: [partition(1, [1, 2, 3])] }, null).filter(({ kind }) => kind === 'replica'),
    ).toEqual([])
  })
})

test('replicas that share a rack are set apart', () => {
  const racks = ['a', 'a', 'b', 'c'].map((rack, at) => broker(at + 1, { rack }))
  const moves = movesOf({ brokers: racks, partitions: [partition(1, [1, 2, 3])] }, AT_REST)
  expect(moves[0]).toMatchObject({ kind: 'replica', why: 'racks' })
  expect([...moves.at(-1)!.to].sort()).toEqual(expect.arrayContaining([3, 4]))
})

const pictures = fc
  .record({
    racks: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 2, maxLength: 7 }),
    leaving: fc.array(fc.constantFrom(null, null, null, 'drained' as const, 'lost' as const), {
      minLength: 7,
      maxLength: 7,
    }),
    partitions: fc.array(
      fc.record({
        seed: fc.nat(),
        count: fc.integer({ min: 1, max: 4 }),
        bytes: fc.integer({ min: 0, max: 1000 }),
        rate: fc.integer({ min: 0, max: 1000 }),
        settled: fc.boolean(),
        leaderFixed: fc.boolean(),
      }),
      { maxLength: 40 },
    ),
  })
  .map(({ racks, leaving, partitions }): ClusterPicture => {
    const brokers = racks.map((rack, at) => {
      const gone = leaving[at]!
      return broker(at + 1, { rack, leaving: gone, up: gone !== 'lost', open: gone === null })
    })
    return {
      brokers,
      partitions: partitions.map(({ seed, count, bytes, rate, settled, leaderFixed }, at) => {
        const ids = brokers
          .map(({ id }) => id)
          .sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31) || a - b)
        const load = { bytes: bytes * MiB, bytesPerSecond: rate * 1024 }
        return partition(at + 1, ids.slice(0, Math.min(count, ids.length)), {
          ...load,
          settled: settled || at % 2 === 0,
          leaderFixed,
        })
      }),
    }
  })

test('any cluster: the plan ends, keeps the number of replicas and their spread, and what it leads to is at rest', () => {
  fc.assert(
    fc.property(pictures, (picture) => {
      const moves = movesOf(picture)
      const of = (ids: readonly number[]) => ids.map((id) => picture.brokers.find((some) => some.id === id)!)
      for (const { from, to, kind, group } of moves) {
        expect(new Set(to).size).toBe(from.length)
        expect(picture.partitions.find((some) => some.group === group)!.settled).toBe(true)
        if (kind === 'leader') expect([...to].sort()).toEqual([...from].sort())
        else for (const { open } of of(to.filter((id) => !from.includes(id)))) expect(open).toBe(true)
        if (of(from).every(({ leaving }) => leaving !== 'drained')) {
          expect(isWorse(spreadOf(of(to)), spreadOf(of(from)))).toBe(false)
        }
      }
      // A sum may differ in its last digit when it is made anew, and one more move be worth it.
      let [rest, more] = [after(picture, moves), [] as Move[]]
      for (let round = 0; round < 3; round++) {
        more = movesOf(rest, AT_REST)
        rest = after(rest, more)
      }
      expect(more).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('control: without a margin plans move leaderships forth and back as rates change', () => {
  const brokers = [broker(1), broker(2)]
  const lists = Array.from({ length: 40 }, (_, at) => [1 + (at % 2), 2 - (at % 2)])
  const turns = (hysteresis: Hysteresis): number => {
    let partitions = lists.map((replicas, at) => partition(at + 1, replicas, { bytes: 0 }))
    let moved = 0
    for (let round = 1; round <= 30; round++) {
      const rate = (group: number): number => MiB * (1 + 0.15 * Math.sin(group * round * 12.9898))
      partitions = partitions.map((some) => ({ ...some, bytesPerSecond: rate(some.group) }))
      const moves = movesOf({ brokers, partitions }, hysteresis)
      partitions = [...after({ brokers, partitions }, moves).partitions]
      moved += moves.length
    }
    return moved
  }
  expect(turns({ least: 0, margin: 0 })).toBeGreaterThan(2)
  expect(turns(AT_REST)).toBe(0)
})
