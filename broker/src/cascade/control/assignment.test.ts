import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Heap } from '../../platform/heap.ts'
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

const seekersAt = (count: number, sourceOf: (at: number) => number): Seeker[] =>
  Array.from({ length: count }, (_, at) => ({ broker: 1001 + at, home: 2, source: sourceOf(at), pinned: 0 }))

describe('assignment by load', () => {
  it('M89 a source with other work gets fewer brokers, and the sums are even', () => {
    const [busy, ...idle] = sourcesOf(4)
    const sources = [{ ...busy!, otherLoad: 40 }, ...idle]
    const counts = loads(
      assignSources(
        seekersAt(120, () => 0),
        sources,
      ),
      sources,
    )
    expect(counts[0]).toBeLessThan(15)
    expect(Math.max(...counts.slice(1)) - Math.min(...counts.slice(1))).toBeLessThanOrEqual(1)
  })

  it('M89 figures that differ by a tenth count as equal', () => {
    const sources = sourcesOf(4).map((source, at) => ({ ...source, otherLoad: 50 + at }))
    expect(
      loads(
        assignSources(
          seekersAt(120, () => 101),
          sources,
        ),
        sources,
      ),
    ).toEqual([30, 30, 30, 30])
  })

  it('M89 the brokers of a source that dies go to all others, and those of the others stay', () => {
    const sources = sourcesOf(11)
    const seekers = seekersAt(1100, (at) => 101 + (at % 11))
    const assigned = assignSources(seekers, sources.slice(0, 10), { maxMoves: 10 })
    expect(moves(seekers, assigned, sources.slice(0, 10))).toBe(0)
    expect(loads(assigned, sources.slice(0, 10))).toEqual(Array(10).fill(110))
  })

  it("M89 a slow source is left by all but an operator's choice, and one that is closed gets no more", () => {
    const [slow, closed, ...open] = sourcesOf(4)
    const seekers = [...seekersAt(30, (at) => 101 + (at % 3)), { broker: 999, home: 2, source: 101, pinned: 101 }]
    const sources = [{ ...slow!, slow: true }, { ...closed!, closed: true }, ...open]
    expect(loads(assignSources(seekers, sources), sources)).toEqual([1, 10, 10, 10])
    // Where all are slow, none is better.
    const all = sourcesOf(2).map((source) => ({ ...source, slow: true }))
    const kept = seekersAt(10, () => 101)
    expect(loads(assignSources(kept, all), all)).toEqual([5, 5])
  })

  it('M89 no more brokers leave living sources at a time than the bound allows, the same ones until they have', () => {
    const [slow, ...open] = sourcesOf(3)
    const sources = [{ ...slow!, slow: true }, ...open]
    const seekers = seekersAt(90, (at) => 101 + (at % 3))
    const first = assignSources(seekers, sources, { maxMoves: 4 })
    expect(moves(seekers, first, sources)).toBe(4)
    expect(assignSources(seekers, sources, { maxMoves: 4 })).toEqual(first)
    const balanced = assignSources(
      seekersAt(90, () => 102),
      open,
      { maxMoves: 4 },
    )
    expect(loads(balanced, open)).toEqual([86, 4])
  })

  it('M89 settles within some rounds and then moves nobody, by figures that vary', () => {
    const works = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(works, fc.nat({ max: 100 }), (work, phase) => {
        let seekers = seekersAt(200, (at) => 101 + (at % 2))
        let last = 0
        for (let round = 0; round < 100; round++) {
          // By 4 % up or down, another way at each source, the same way again after ten rounds.
          const loadOf = (at: number) => work[at]! * (1 + 0.04 * Math.sin(phase + at + (round % 10)))
          const sources = sourcesOf(work.length).map((source, at) => ({ ...source, otherLoad: loadOf(at) }))
          const assigned = assignSources(seekers, sources, { maxMoves: 10 })
          if (moves(seekers, assigned, sources) > 0) last = round
          seekers = seekers.map((seeker) => ({ ...seeker, source: assigned.get(seeker.broker)! }))
        }
        expect(last).toBeLessThan(40)
      }),
      { numRuns: 100 },
    )
  })

  it('M89 the work grows with the number of brokers, not with its square', () => {
    const push = vi.spyOn(Heap.prototype, 'push')
    const [seekers, sources] = [10_000, 500]
    assignSources(
      seekersAt(seekers, (at) => (at % 2 === 0 ? 101 : 0)),
      sourcesOf(sources),
    )
    // Each is logarithmic in their number: see heap.test.ts.
    expect(push.mock.calls.length).toBeLessThan(4 * (seekers + sources))
    push.mockRestore()
  })
})
