import type { CascadeReport } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { AssignmentPlan } from './assignment-plan.ts'

const featureLevels = { lowest: 1, highest: 1 }
function report(broker: number, source: number, change: Partial<CascadeReport> = {}): CascadeReport {
  const level = broker < 1000 ? 1 : 2
  const own = { broker, directoryId: '', http: '', level, home: level, source, pinned: 0, featureLevels }
  return { ...own, lagRecords: 0, lagBytes: 0, lagMs: 0, partitions: 1, stopped: 0, ageMs: 0, ...change }
}
const cluster = { brokers: [{ id: 1, http: '', peer: '', level: 0, alive: true, pid: 0 }] }

/** Level 1 has brokers 101, 102, …, level 2 those from 1001 on. What is decided is done and told `delay` s later. */
class World {
  readonly clock = new ManualClock()
  readonly plan = new AssignmentPlan(this.clock)
  readonly sources: Map<number, Partial<CascadeReport>>
  children: Map<number, number>
  lags: (broker: number, source: number) => number = () => 0
  /** What each broker copies; none: all. */
  topics: (broker: number) => string[] = () => []
  readonly #delay: number
  readonly #decided: ReadonlyMap<number, number>[] = []

  constructor(sources: number, children: number, delay = 0) {
    this.sources = new Map(Array.from({ length: sources }, (_, at) => [101 + at, {}]))
    this.children = new Map(Array.from({ length: children }, (_, at) => [1001 + at, 101 + (at % sources)]))
    this.#delay = delay
  }

  /** A second; how many move. */
  async second(): Promise<number> {
    const known = [
      ...[...this.sources].map(([broker, change]) => report(broker, 1, { topics: this.topics(broker), ...change })),
      ...[...this.children].map(([broker, source]) =>
        report(broker, source, { lagMs: this.lags(broker, source), topics: this.topics(broker) }),
      ),
    ]
    this.#decided.push(this.plan.decide({ known, cluster, wishes: new Map() }))
    let moved = 0
    if (this.#decided.length > this.#delay) {
      const done = this.#decided.shift()!
      for (const [broker, source] of this.children) {
        const to = done.get(broker) ?? source
        if (to !== source) moved++
        this.children.set(broker, to)
      }
    }
    await this.clock.advance(1_000)
    return moved
  }

  async seconds(count: number): Promise<number[]> {
    const moved: number[] = []
    while (moved.length < count) moved.push(await this.second())
    return moved
  }

  counts(): number[] {
    return [...this.sources.keys()].map((broker) => [...this.children.values()].filter((has) => has === broker).length)
  }
}

describe('the plan of sources', () => {
  it('M89 a source that changes its own source keeps its brokers; one that has had none yet gets none', async () => {
    const world = new World(3, 9)
    await world.seconds(11)
    world.sources.set(102, { source: 0 })
    expect(await world.seconds(2)).toEqual([0, 0])
    world.sources.set(102, { source: 0, level: 0 })
    await world.seconds(2)
    expect(world.counts()).toEqual([5, 0, 4])
  })

  it('M89 brokers leave a source that is late, some at a time, and return once it has been well', async () => {
    const world = new World(3, 90, 2)
    expect(await world.seconds(15)).toEqual(Array(15).fill(0))
    for (let lagMs = 1_000; lagMs <= 12_000; lagMs += 1_000) {
      world.sources.set(102, { lagMs })
      expect(await world.second()).toBeLessThanOrEqual(10)
    }
    await world.seconds(10)
    expect(world.counts()).toEqual([45, 0, 45])
    world.sources.set(102, { lagMs: 0 })
    await world.seconds(40)
    expect(world.counts()).toEqual([30, 30, 30])
    expect(await world.seconds(60)).toEqual(Array(60).fill(0))
  })

  it('M89 a source that all its brokers are behind is left, one with a single broker behind is not', async () => {
    const world = new World(3, 9)
    await world.seconds(11)
    world.lags = (broker) => (broker === 1001 ? 20_000 : 0)
    expect(await world.seconds(5)).toEqual([0, 0, 0, 0, 0])
    world.lags = (_, source) => (source === 103 ? 20_000 : 0)
    await world.seconds(5)
    expect(world.counts()).toEqual([5, 4, 0])
    // They bring their lag along: it is not their new source's.
    world.lags = (broker) => (broker % 3 === 1 ? 20_000 : 0)
    await world.seconds(4)
    expect(world.counts()).toEqual([5, 4, 0])
  })

  it('M89 a source whose report is late, or that has not caught up, gets no brokers and keeps its own', async () => {
    const condition = { reason: '', writable: true, freeBytes: 1, reserveBytes: 0, secondsUntilFull: null }
    const rest = { checksumFailures: 0, quarantined: 0, stopped: 0 }
    for (const odd of [{ ageMs: 1_600 }, { condition: { ready: false, ...condition, ...rest } }]) {
      const world = new World(2, 20)
      world.sources.set(103, odd)
      expect(await world.seconds(3)).toEqual([0, 0, 0])
      world.sources.set(103, {})
      await world.seconds(3)
      expect(world.counts()).toEqual([7, 7, 6])
      world.sources.set(103, odd)
      expect(await world.seconds(3)).toEqual([0, 0, 0])
    }
  })

  it('M89 settles by reports that are late by seconds, and moves nobody twice', async () => {
    const world = new World(4, 100, 4)
    for (const broker of [105, 106, 107]) world.sources.set(broker, {})
    const moved = await world.seconds(60)
    expect(world.counts().sort()).toEqual([14, 14, 14, 14, 14, 15, 15])
    expect(moved.reduce((a, b) => a + b)).toBe(42)
    expect(Math.max(...moved)).toBeLessThanOrEqual(11)
    expect(moved.slice(40)).toEqual(Array(20).fill(0))
  })

  it('M89 a source with many clients gets fewer brokers, and the same again when they are gone', async () => {
    const world = new World(3, 60)
    // As much as 20 and 10 cascade brokers.
    const rates = { copiedBytesPerSecond: 2_000_000, clientBytesPerSecond: 40_000_000, connections: 1_020 }
    world.sources.set(102, rates)
    await world.seconds(10)
    const [first, busy, last] = world.counts()
    expect(Math.abs(first! - last!)).toBeLessThanOrEqual(1)
    expect(busy).toBeLessThanOrEqual(10)
    expect(await world.seconds(10)).toEqual(Array(10).fill(0))
    world.sources.set(102, {})
    await world.seconds(10)
    expect(world.counts()).toEqual([20, 20, 20])
  })

  it('M89 brokers that a source would refuse for its topics do not keep the others from moving to it', async () => {
    const world = new World(2, 40)
    // The plan moves the highest numbers first: all of these want more than the new source has.
    world.topics = (broker) => (broker === 103 || broker <= 1020 ? ['a'] : [])
    world.sources.set(103, {})
    await world.seconds(20)
    expect(world.counts().sort()).toEqual([13, 13, 14])
    expect([...world.children].filter(([broker, source]) => broker > 1020 && source === 103)).toEqual([])
    expect(await world.seconds(10)).toEqual(Array(10).fill(0))
  })

  it('M89 asks for no new plan within half a second, unless an operator has chosen', async () => {
    const world = new World(2, 2)
    await world.second()
    const known = [report(101, 1), report(1001, 101), report(1002, 101)]
    const first = world.plan.decide({ known, cluster, wishes: new Map() })
    const wishes = new Map([[1001, 1]])
    expect(world.plan.decide({ known, cluster, wishes })).toBe(first)
    world.plan.outdated()
    expect(world.plan.decide({ known, cluster, wishes }).get(1001)).toBe(1)
  })
})
