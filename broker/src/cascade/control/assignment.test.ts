import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignSources, type Seeker, type Source } from './assignment.ts'

const sourcesOf = (count: number, level = 1): Source[] =>
  Array.from({ length: count }, (_, at) => ({ broker: 101 + at, level }))

/** How many of the seekers each source has. */
function loads(assigned: ReadonlyMap<number, number>, sources: readonly Source[]): number[] {
  return sources.map(({ broker }) => [...assigned.values()].filter((source) => source === broker).length)
}

function moves(seekers: readonly Seeker[], assigned: ReadonlyMap<number, number>, sources: readonly Source[]): number {
  const living = new Set(sources.map(({ broker }) => broker))
  return seekers.filter(({ broker, source }) => living.has(source) && assigned.get(broker) !== source).length
}

/** A simple second implementation: the most loaded sources may keep one more, all brokers above that have to move. */
function leastMoves(seekers: readonly Seeker[], sources: readonly Source[]): number {
  const now = sources
    .map(({ broker }) => seekers.filter(({ source }) => source === broker).length)
    .sort((a, b) => b - a)
  const [share, more] = [Math.floor(seekers.length / sources.length), seekers.length % sources.length]
  return now.reduce((sum, load, at) => sum + Math.max(0, load - share - (at < more ? 1 : 0)), 0)
}

const freeSeekers = (sources: number) =>
  fc
    .array(fc.integer({ min: 0, max: sources }), { maxLength: 120 })
    .map((chosen) =>
      chosen.map((at, n): Seeker => ({ broker: 201 + n, home: 2, source: at === 0 ? 0 : 100 + at, pinned: 0 })),
    )

describe('assignment of sources', () => {
  it('M89 spreads 100 brokers of level 2 over 2 of level 1, 50 each', () => {
    const seekers = Array.from({ length: 100 }, (_, n): Seeker => ({ broker: 201 + n, home: 2, source: 0, pinned: 0 }))
    expect(loads(assignSources(seekers, sourcesOf(2)), sourcesOf(2))).toEqual([50, 50])
  })

  it('M89 loads differ by one at most, for any sources before, with as few moves as possible', () => {
    const cases = fc.integer({ min: 1, max: 7 }).chain((count) => fc.tuple(fc.constant(count), freeSeekers(count)))
    fc.assert(
      fc.property(cases, ([count, seekers]) => {
        const sources = sourcesOf(count)
        const assigned = assignSources(seekers, sources)
        const counts = loads(assigned, sources)
        expect(assigned.size).toBe(seekers.length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        expect(moves(seekers, assigned, sources)).toBe(leastMoves(seekers, sources))
      }),
      { numRuns: 500 },
    )
  })

  it('M89 moves no broker once all have their assigned source', () => {
    fc.assert(
      fc.property(freeSeekers(4), (seekers) => {
        const once = assignSources(seekers, sourcesOf(4))
        const moved = seekers.map((seeker) => ({ ...seeker, source: once.get(seeker.broker)! }))
        expect(assignSources(moved, sourcesOf(4))).toEqual(once)
      }),
    )
  })

  it('M89 when a source dies its brokers move, and no others', () => {
    const seekers = Array.from(
      { length: 10 },
      (_, n): Seeker => ({ broker: 201 + n, home: 2, source: 101 + (n % 2), pinned: 0 }),
    )
    const assigned = assignSources(seekers, [{ broker: 102, level: 1 }])
    expect(
      seekers.filter(({ broker, source }) => assigned.get(broker) !== source).every(({ source }) => source === 101),
    ).toBe(true)
    expect(loads(assigned, sourcesOf(2))).toEqual([0, 10])
  })

  it("M89 an operator's choice stands and counts; the others balance it", () => {
    const seekers = Array.from(
      { length: 9 },
      (_, n): Seeker => ({ broker: 201 + n, home: 2, source: 101, pinned: n < 3 ? 102 : 0 }),
    )
    const assigned = assignSources(seekers, sourcesOf(2))
    for (const broker of [201, 202, 203]) expect(assigned.get(broker)).toBe(102)
    expect(loads(assigned, sourcesOf(2))).toEqual([5, 4])
  })

  it('M89 a chosen source that is gone is as if none was chosen', () => {
    const seeker: Seeker = { broker: 201, home: 2, source: 0, pinned: 150 }
    expect(assignSources([seeker], sourcesOf(1)).get(201)).toBe(101)
  })

  it('M89 levels are apart, and a broker without a source of its level is left where it is', () => {
    const seekers: Seeker[] = [
      { broker: 101, home: 1, source: 0, pinned: 0 },
      { broker: 201, home: 2, source: 0, pinned: 0 },
      { broker: 301, home: 3, source: 9, pinned: 0 },
      { broker: 401, home: 0, source: 0, pinned: 0 },
    ]
    const sources = [{ broker: 1, level: 0 }, ...sourcesOf(1)]
    expect([...assignSources(seekers, sources)]).toEqual([
      [101, 1],
      [201, 101],
    ])
  })
})
