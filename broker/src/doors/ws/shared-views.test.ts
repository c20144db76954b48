import { TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { batchOf } from '../testing/running-gateway.ts'
import { SharedViews, type View, type Watcher } from './shared-views.ts'

let clock: ManualClock
let broker: MemoryBroker
let views: SharedViews
const logged: string[] = []
beforeEach(async () => {
  logged.length = 0
  clock = new ManualClock(1_700_000_000_000)
  broker = new MemoryBroker(clock)
  for (const name of ['flights', 'orders']) await broker.createTopic({ name, partitions: 2, replicas: 1 })
  for (const name of ['describeTopic', 'describeCluster', 'listTopics', 'readiness'] as const) vi.spyOn(broker, name)
  const log = { info: () => {}, warn: () => {}, error: (_: object, message: string) => void logged.push(message) }
  views = new SharedViews({ api: broker }, clock, log)
})

/** Remembers the texts that it was shown, with the time of each. */
class Recorder implements Watcher {
  readonly shown: { at: number; list: string; cluster: string | null; described: (string | undefined)[] }[] = []
  readonly failures: unknown[] = []
  readonly topics: string[]

  constructor(...topics: string[]) {
    this.topics = topics
  }

  wants(): readonly string[] {
    return this.topics
  }

  show({ list, cluster, described }: View): void {
    const texts = this.topics.map((name) => described.call(views, name)?.text)
    this.shown.push({ at: clock.monotonic(), list: list.text, cluster, described: texts })
  }

  fail(error: unknown): void {
    this.failures.push(error)
  }
}
function watching(...topics: string[]): Recorder {
  const recorder = new Recorder(...topics)
  views.add(recorder)
  return recorder
}
const asked = () => vi.mocked(broker.describeTopic).mock.calls.map(([name]) => name)

describe('what watchers are shown', () => {
  test('is there at once, then every second, and nothing is computed while there are no watchers', async () => {
    await clock.advance(10_000)
    expect(vi.mocked(broker.readiness)).not.toHaveBeenCalled()
    const recorder = watching('flights')
    await settled()
    expect(recorder.shown).toMatchObject([{ at: 10_000, cluster: expect.stringContaining('test-cluster') }])
    expect(JSON.parse(recorder.shown[0]!.list)).toEqual(broker.listTopics())
    expect(JSON.parse(recorder.shown[0]!.described[0]!)).toEqual(await broker.describeTopic('flights'))
    await clock.advance(3_000)
    expect(recorder.shown.map(({ at }) => at)).toEqual([10_000, 11_000, 12_000, 13_000])
    views.remove(recorder)
    await clock.advance(1_000)
    vi.clearAllMocks()
    await clock.advance(60_000)
    for (const name of ['describeTopic', 'describeCluster', 'listTopics', 'readiness'] as const) {
      expect(vi.mocked(broker[name]), name).not.toHaveBeenCalled()
    }
    expect([recorder.shown.length, recorder.failures]).toEqual([4, []])
  })

  test('is asked for once a second, however many watch, and however often they come and go', async () => {
    const recorders = Array.from({ length: 100 }, () => watching('flights', 'orders'))
    await settled()
    expect(recorders.map(({ shown }) => shown.length)).toEqual(Array(100).fill(1))
    await clock.advance(5_000)
    expect(recorders.map(({ shown }) => shown.length)).toEqual(Array(100).fill(6))
    expect(asked()).toHaveLength(12)
    for (const spy of [broker.describeCluster, broker.listTopics, broker.readiness])
      expect(vi.mocked(spy)).toHaveBeenCalledTimes(6)
    for (const recorder of recorders) views.remove(recorder)
    vi.clearAllMocks()
    for (let at = 0; at < 1_000; at++) {
      views.remove(watching('flights'))
      await clock.advance(5)
    }
    expect(asked().length).toBeGreaterThan(3)
    expect(asked().length).toBeLessThanOrEqual(6)
  })

  test('is the same object while it is unchanged, and another one after a change', async () => {
    const recorder = watching('flights', 'orders')
    await clock.advance(1_000)
    const { list } = views
    const [flights, orders] = [views.described('flights'), views.described('orders')]
    await broker.publish('flights', 0, batchOf(['x']))
    await clock.advance(1_000)
    expect(views.list).toBe(list)
    expect(views.described('orders')).toBe(orders)
    expect(views.described('flights')).not.toBe(flights)
    await broker.deleteTopic('flights')
    await clock.advance(1_000)
    expect(views.list).not.toBe(list)
    expect(recorder.shown.at(-1)!.described).toEqual([undefined, orders!.text])
  })

  test('is shown in turns of the event loop', async () => {
    const recorders = Array.from({ length: 100 }, () => watching())
    await settled()
    let most = 0
    let before = 100
    await clock.advance(1_000, async () => {
      await settled()
      const now = recorders.reduce((sum, { shown }) => sum + shown.length, 0)
      most = Math.max(most, now - before)
      before = now
    })
    expect([before, most]).toEqual([200, 32])
  })
})

describe('a broker that does not answer', () => {
  test('holds up a state for half a second, and the others not at all', async () => {
    const describeTopic = vi.mocked(broker.describeTopic)
    const { promise, resolve } = Promise.withResolvers<void>()
    const real = new MemoryBroker(clock)
    await real.createTopic({ name: 'flights', partitions: 1, replicas: 1 })
    describeTopic.mockImplementation((name) => promise.then(() => real.describeTopic(name)))
    const recorder = watching('flights')
    const other = watching()
    await settled()
    expect([recorder.shown.length, other.shown.length]).toEqual([0, 1])
    await clock.advance(499)
    expect(recorder.shown).toHaveLength(0)
    await clock.advance(1)
    expect(recorder.shown).toMatchObject([{ described: [undefined] }])
    await clock.advance(3_000)
    // It is not asked anew while it owes an answer.
    expect(asked()).toEqual(['flights'])
    resolve()
    await clock.advance(1_500)
    expect(recorder.shown.at(-1)).toMatchObject({ described: [expect.stringContaining('"partitions":[{')] })
  })

  test('leaves the last description; one that knows no list of topics yet leaves it empty', async () => {
    vi.mocked(broker.listTopics).mockImplementationOnce(() => {
      throw new TailraceError('NOT_READY')
    })
    const recorder = watching('flights')
    await settled()
    expect(recorder.shown[0]!.list).toBe('[]')
    const [{ described }] = recorder.shown as [Recorder['shown'][number]]
    vi.mocked(broker.describeTopic).mockRejectedValueOnce(new TailraceError('LEADER_UNAVAILABLE'))
    vi.mocked(broker.describeCluster).mockRejectedValueOnce(new TailraceError('NOT_READY'))
    await clock.advance(1_000)
    expect(recorder.shown[1]).toMatchObject({ described, cluster: recorder.shown[0]!.cluster })
    expect(JSON.parse(recorder.shown[1]!.list)).toHaveLength(2)
    expect([recorder.failures, logged]).toEqual([[], []])
  })
})

test('at most 16 topics are described at a time, and those that nobody wants are forgotten', async () => {
  let [running, most] = [0, 0]
  vi.mocked(broker.describeTopic).mockImplementation(async (name) => {
    most = Math.max(most, ++running)
    await settled()
    running--
    const flights = await MemoryBroker.prototype.describeTopic.call(broker, 'flights')
    return { ...flights, name }
  })
  const names = Array.from({ length: 100 }, (_, at) => `topic-${at}`)
  const recorder = watching(...names)
  for (let turn = 0; turn < 20; turn++) await settled()
  expect(most).toBe(16)
  expect(recorder.shown[0]!.described.filter((text) => text !== undefined)).toHaveLength(100)
  views.remove(recorder)
  watching()
  expect(views.described('topic-1')).not.toBeNull()
  await clock.advance(2_000)
  expect(views.described('topic-1')).toBeNull()
})

test('a mistake of the broker fails its watchers, and the next are shown what there is', async () => {
  const recorder = watching('flights')
  await settled()
  const mistake = new TypeError('a mistake')
  vi.mocked(broker.listTopics).mockImplementationOnce(() => {
    throw mistake
  })
  await clock.advance(1_000)
  expect([recorder.failures, recorder.shown.length]).toEqual([[mistake], 1])
  await clock.advance(1_000)
  expect(recorder.shown).toHaveLength(2)
  vi.mocked(broker.describeTopic).mockRejectedValueOnce(mistake)
  vi.mocked(broker.describeCluster).mockRejectedValueOnce(mistake)
  await clock.advance(1_000)
  expect(logged.sort()).toEqual(['describing a topic failed', 'describing the cluster failed'])
  expect([recorder.failures.length, recorder.shown.length]).toEqual([1, 3])
})

test('a watcher that throws is failed, and those behind it are shown the state', async () => {
  const broken = new Recorder()
  const mistake = new TypeError('a mistake')
  broken.show = () => {
    throw mistake
  }
  views.add(broken)
  const recorder = watching()
  await clock.advance(1_000)
  expect([broken.failures, recorder.shown.length]).toEqual([[mistake, mistake], 2])
})
