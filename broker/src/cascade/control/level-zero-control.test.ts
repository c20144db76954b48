import { type CascadeReport, TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import type { CascadeBeat } from '../wire/cascade-messages.ts'
import { type LeaderQuestions, LevelZeroControl } from './level-zero-control.ts'
import { CascadeRegistry } from './registry.ts'

function report(broker: number, change: Partial<CascadeReport> = {}): CascadeReport {
  const level = Math.floor(broker / 100)
  const own = { broker, directoryId: `folder-${broker}`, http: `h${broker}`, level, home: level }
  const rest = { source: 1, pinned: 0, lagRecords: 0, lagBytes: 0, lagMs: 0, partitions: 1, stopped: 0, ageMs: 0 }
  return { ...own, ...rest, featureLevels: { lowest: 1, highest: 1 }, ...change }
}
const beatOf = (...reports: CascadeReport[]): CascadeBeat => {
  return { clusterId: 'c', broker: reports[0]!.broker, reports }
}

/** Three brokers of level 0 that can ask each other; broker 1 leads the metadata group unless told. */
function levelZero(clock = new ManualClock()) {
  const cut = new Set<number>()
  const world = { leader: 1 }
  const controls = new Map<number, LevelZeroControl>()
  const topics = [{ name: 't', id: 'id-t', partitions: 1, replicas: 3, config: {} }]
  for (const brokerId of [1, 2, 3]) {
    const brokers = [1, 2, 3].map((id) => ({ id, http: `h${id}`, peer: '', level: 0, alive: !cut.has(id), pid: 0 }))
    const describeCluster = async () => ({ clusterId: 'c', metadataLeader: world.leader, brokers })
    const leaderAt = (to: number): LevelZeroControl => {
      if (cut.has(to)) throw new TailraceError('CONNECTION_LOST')
      return controls.get(to)!
    }
    const questions: LeaderQuestions = {
      reports: async (to, reports) => leaderAt(to).hearAsLeader(reports),
      status: async (to) => leaderAt(to).statusAsLeader(),
      assign: async (to, { broker, source }) => leaderAt(to).assignAsLeader(broker, source),
    }
    const api = { brokerId, listTopics: () => topics, topicsVersion: () => 0, describeCluster }
    controls.set(brokerId, new LevelZeroControl({ api, clock, questions }))
  }
  return { clock, world, cut, control: (id: number) => controls.get(id)! }
}

describe('level 0', () => {
  it('M89 assigns 100 brokers of level 2 evenly to 2 of level 1, reported through different brokers', async () => {
    const { control, clock } = levelZero()
    const sources = new Map(Array.from({ length: 100 }, (_, n) => [201 + n, 101]))
    // All hundred began at 101, which reports to broker 2; only 102 reports to broker 3.
    const beat = async (source: number, to: number) => {
      const below = [...sources].filter(([, has]) => has === source)
      const reports = below.map(([broker]) => report(broker, { source, level: 2, home: 2 }))
      const { assignments } = await control(to).beat(beatOf(report(source, { source: to }), ...reports))
      for (const { broker, source } of assignments) if (sources.has(broker)) sources.set(broker, source)
      return assignments.filter((one) => sources.has(one.broker) && one.source !== source).length
    }
    const moved: number[] = []
    for (let second = 0; second < 20; second++) {
      moved.push((await beat(101, 2)) + (await beat(102, 3)))
      await clock.advance(1_000)
    }
    // Nobody moves before all have been heard of, and then some at a time.
    expect(moved).toEqual([0, 0, 0, 0, 0, 11, 11, 11, 11, 6, ...Array(10).fill(0)])
    const count = (source: number) => [...sources.values()].filter((has) => has === source).length
    expect([count(101), count(102)]).toEqual([50, 50])
  })

  it('M89 decides on no other moves while those that it has decided are not reported yet', async () => {
    const { control, clock } = levelZero()
    const [a, b] = [report(101), report(102)]
    const below = (...brokers: number[]) => brokers.map((broker) => report(broker, { source: 101 }))
    const decided = async (...brokers: number[]) => {
      await control(1).beat(beatOf(b))
      const { assignments } = await control(1).beat(beatOf(a, ...below(...brokers)))
      return assignments.filter(({ source }) => source === 102).map(({ broker }) => broker)
    }
    await decided(201, 202, 203, 204)
    await clock.advance(4_000)
    await decided(201, 202, 203, 204)
    await clock.advance(1_500)
    const first = await decided(201, 202, 203, 204)
    expect(first).toHaveLength(2)
    // As on a tree of three levels: the next reports are still from before the moves, and a broker is new.
    await clock.advance(1_000)
    expect(await decided(201, 202, 203, 204, 205)).toEqual(first)
  })

  it('M89 refuses the report of a broker that the leader would not take, and no other for it', async () => {
    const { control } = levelZero()
    for (const odd of [{ lagMs: 1e300 }, { level: 2 ** 53 }, { featureLevels: { lowest: 2, highest: 1 } }]) {
      const beat = beatOf(report(101, { source: 2, ...odd }))
      await expect(control(2).beat(beat)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
    const { cluster } = await control(2).beat(beatOf(report(102, { source: 2 })))
    expect(cluster.brokers.map(({ id }) => id)).toEqual([1, 2, 3, 102])
  })

  it('M89 a leader that has just taken over leaves all brokers where they are', async () => {
    const { control, world, clock } = levelZero()
    await control(1).beat(beatOf(report(101), report(201, { source: 101, level: 2, home: 2 })))
    await clock.advance(6_000)
    world.leader = 2
    expect((await control(2).beat(beatOf(report(101)))).assignments).toEqual([])
  })

  it('M89 without a leader no broker is moved, and topics are sent in any case', async () => {
    const { control, world, cut } = levelZero()
    world.leader = 3
    cut.add(3)
    const reply = await control(2).beat(beatOf(report(101)))
    const page = control(2).topicPage(0)
    expect([reply.assignments, page.topics.length, reply.ancestors]).toEqual([[], 1, [2]])
    expect([page.digest, page.version, page.total]).toEqual([reply.topics, reply.topicsVersion, 1])
    expect(control(2).topicPage(1).topics).toEqual([])
    expect((await control(2).describeCluster()).brokers.map(({ id }) => id)).toEqual([1, 2, 3, 101])
  })

  it("M89 an operator's choice is sent until the broker has it, at once and through any broker", async () => {
    const { control, clock } = levelZero()
    const [a, b] = [report(101, { source: 2 }), report(102, { source: 2 })]
    const before = report(201, { source: 101, level: 2, home: 2 })
    await control(2).beat(beatOf(a, before))
    await control(2).beat(beatOf(b))
    const done = control(3).assign(201, 102)
    await settled()
    const told = (await control(2).beat(beatOf(a, before))).assignments.find(({ broker }) => broker === 201)
    expect(told).toEqual({ broker: 201, source: 102, pin: 102 })
    await control(2).beat(beatOf(b, { ...before, source: 102, pinned: 102 }))
    await clock.advance(200)
    await done
    const after = await control(2).beat(beatOf(b, { ...before, source: 102, pinned: 102 }))
    expect(after.assignments.some(({ pin }) => pin !== null)).toBe(false)
  })

  it('M89 a choice that no broker takes is given up with an error', async () => {
    const { control, clock } = levelZero()
    await control(1).beat(beatOf(report(101)))
    const outcome = control(1)
      .assign(101, 2)
      .catch((error) => error.code)
    await clock.advance(21_000)
    expect(await outcome).toBe('TIMED_OUT')
  })

  it('M89 refuses a cycle, whichever broker is asked', async () => {
    const { control } = levelZero()
    await control(1).beat(beatOf(report(101), report(201, { source: 101 }), report(301, { source: 201 })))
    for (const id of [1, 2]) await expect(control(id).assign(101, 301)).rejects.toMatchObject({ code: 'CASCADE_CYCLE' })
    await expect(control(3).assign(999, 1)).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' })
  })

  it('M88 refuses a beat whose first report is of another broker, and lists no number of level 0 twice', async () => {
    const { control } = levelZero()
    const others = { ...beatOf(report(102)), broker: 101 }
    await expect(control(2).beat(others)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const { cluster } = await control(2).beat(
      beatOf(report(101), report(3, { source: 101 }), report(201, { source: 101 })),
    )
    expect(cluster.brokers.map(({ id }) => id)).toEqual([1, 2, 3, 101, 201])
    for (const id of [1, 2])
      expect((await control(id).status()).brokers.map(({ broker }) => broker)).toEqual([101, 201])
  })

  it('M88 refuses another cluster, a number of its own, and two folders of one number', async () => {
    const { control } = levelZero()
    await expect(control(1).beat({ ...beatOf(report(101)), clusterId: 'x' })).rejects.toMatchObject({
      code: 'CLUSTER_MISMATCH',
    })
    await expect(control(1).beat(beatOf(report(3)))).rejects.toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
    await control(1).beat(beatOf(report(101)))
    const twin = beatOf(report(101, { directoryId: 'another' }))
    for (const id of [1, 2])
      await expect(control(id).beat(twin)).rejects.toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
  })
})

describe('the list of cascade brokers', () => {
  it('M88 lists no cascade broker as one of level 0, though it has had no source yet', async () => {
    const { control } = levelZero()
    const fresh = report(201, { source: 0, level: 0, home: 0 })
    const { cluster } = await control(2).beat(beatOf(report(101), fresh))
    const levels = cluster.brokers.map(({ id, level, alive }) => [id, level, alive])
    expect(levels.slice(3)).toEqual([
      [101, 1, true],
      [201, 1, false],
    ])
  })

  it('M89 has room for ten thousand brokers, each of which may be heard again', () => {
    const registry = new CascadeRegistry(new ManualClock())
    const all = Array.from({ length: 10_000 }, (_, at) => report(at + 1))
    registry.take(all)
    registry.take(all)
    expect(registry.all()).toHaveLength(10_000)
    expect(() => registry.take([report(10_001)])).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  })

  it('M89 keeps the younger of two reports, and none longer than five seconds', async () => {
    const clock = new ManualClock()
    const registry = new CascadeRegistry(clock)
    registry.take([report(101), report(201, { source: 101 })])
    registry.take([report(102), report(201, { source: 102, ageMs: 900 })])
    expect(registry.all().map(({ broker, source }) => [broker, source])).toEqual([
      [101, 1],
      [102, 1],
      [201, 101],
    ])
    await clock.advance(3_000)
    registry.take([report(102), report(201, { source: 102, ageMs: 900 })])
    await clock.advance(2_500)
    expect(registry.all().map(({ broker, source, ageMs }) => [broker, source, ageMs])).toEqual([
      [102, 1, 2500],
      [201, 102, 3400],
    ])
    await clock.advance(2_600)
    expect(registry.all()).toEqual([])
  })
})
