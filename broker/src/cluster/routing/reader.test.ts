import { BatchWriter, TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
let leader: TestBroker
let other: TestBroker

function batch(value: string): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

const replica = (broker: TestBroker) => broker.groups.get(1)!
const request = { offset: 0, maxBytes: 1 << 20, waitMs: 0 }
const fetches = () => other.requests.filter(({ name }) => name === 'Fetch')

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
  await cluster.clock.advance(3000)
  await created
  leader = cluster.broker(cluster.world.leaderOf(1))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
})

test('the same batches from the leader and through another broker', async () => {
  const values = ['a', 'b'].map((value) => batch(value))
  for (const value of values) void leader.node.api.publish('t', 0, value, { timeoutMs: 1000, wait: false })
  await cluster.clock.advance(10)
  const here = await leader.node.api.fetch('t', 0, request)
  const forwarded = other.node.api.fetch('t', 0, request)
  await cluster.clock.advance(10)
  expect((await forwarded).batches.map((bytes) => [...bytes])).toEqual(here.batches.map((bytes) => [...bytes]))
  expect(await forwarded).toMatchObject({ nextOffset: 2, highWatermark: 2, bytes: here.bytes })
})

test('a fraction of a millisecond that is left to wait does not reach the wire', async () => {
  const fetched = other.node.api.fetch('t', 0, { ...request, waitMs: 20.25 })
  await cluster.clock.advance(50)
  expect((await fetched).nextOffset).toBe(0)
  expect(fetches().at(-1)!.fields).toMatchObject({ waitMs: 21 })
})

test('readers that wait through another broker are one request, and all get the records that come', async () => {
  const come = Promise.withResolvers<void>()
  replica(leader).onFetch = async () => {
    await come.promise
    return { batches: [batch('a')], bytes: 0, nextOffset: 1, highWatermark: 1, logStart: 0 }
  }
  const before = fetches().length
  const readers = Array.from({ length: 5000 }, () => other.node.api.fetch('t', 0, { ...request, waitMs: 20_000 }))
  await cluster.clock.advance(10)
  expect(fetches().length - before).toBe(1)
  come.resolve()
  await cluster.clock.advance(10)
  for (const { nextOffset } of await Promise.all(readers)) expect(nextOffset).toBe(1)
})

test('a long wait at another broker is a bounded one, then that of all idle partitions, and a last look', async () => {
  replica(leader).onFetch = ({ offset, waitMs }) =>
    new Promise((resolve) => {
      const nothing = { batches: [], bytes: 0, nextOffset: offset, highWatermark: 0, logStart: 0 }
      cluster.clock.after(waitMs, () => resolve(nothing))
    })
  let result: unknown = null
  void other.node.api.fetch('t', 0, { ...request, waitMs: 12_000 }).then((found) => (result = found))
  await cluster.clock.advance(11_900)
  expect(result).toBeNull()
  await cluster.clock.advance(200)
  expect(result).toMatchObject({ batches: [], nextOffset: 0 })
  const waits = fetches().map(({ fields }) => (fields as { waitMs: number }).waitMs)
  expect(waits).toEqual([5000, 0])
})

test('the end of an idle partition is watched at the leader until the link is cut', async () => {
  const watched: (AbortSignal | undefined)[] = []
  replica(leader).onFetch = ({ offset, waitMs, signal }) =>
    new Promise((resolve) => {
      if (waitMs > 5000) watched.push(signal)
      const nothing = { batches: [], bytes: 0, nextOffset: offset, highWatermark: 0, logStart: 0 }
      cluster.clock.after(waitMs, () => resolve(nothing))
    })
  const fetched = other.node.api.fetch('t', 0, { ...request, waitMs: 20_000 })
  const failed = expect(fetched).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
  await cluster.clock.advance(8000)
  expect(watched.map((signal) => signal?.aborted)).toEqual([false])
  cluster.cut(other, leader)
  expect(watched[0]!.aborted).toBe(true)
  await cluster.clock.advance(20_000)
  await failed
})

test('a change of leader during the wait is survived, a caller that leaves is not waited for', async () => {
  replica(leader).onFetch = () => new Promise(() => {})
  const values: unknown[] = []
  void other.node.api.fetch('t', 0, { ...request, waitMs: 20_000 }).then((found) => values.push(found.nextOffset))
  await cluster.clock.advance(1000)
  cluster.world.elect(1, other.id)
  cluster.cut(other, leader)
  void other.node.api.publish('t', 0, batch('a'), { timeoutMs: 1000, wait: false })
  await cluster.clock.advance(500)
  expect(values).toEqual([1])

  const controller = new AbortController()
  cluster.world.elect(1, 0)
  const left = expect(
    other.node.api.fetch('t', 0, { ...request, waitMs: 20_000, signal: controller.signal }),
  ).rejects.toMatchObject({ code: 'ABORTED' })
  controller.abort()
  await left
})

test('without a leader a read fails after the time of an election', async () => {
  cluster.world.elect(1, 0)
  const codes: string[] = []
  other.node.api.fetch('t', 0, request).catch((error) => codes.push(error.code))
  other.node.api.findOffset('t', 0, { kind: 'LATEST', value: 0 }).catch((error) => codes.push(error.code))
  await cluster.clock.advance(2900)
  expect(codes).toEqual([])
  await cluster.clock.advance(200)
  expect(codes).toEqual(['LEADER_UNAVAILABLE', 'LEADER_UNAVAILABLE'])
})

test('errors that a retry does not heal come through as they are', async () => {
  replica(leader).onFetch = async () => {
    throw new TailraceError('OFFSET_OUT_OF_RANGE')
  }
  const failed = expect(other.node.api.fetch('t', 0, request)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  await cluster.clock.advance(10)
  await failed
  expect(fetches()).toHaveLength(1)
})

test('a replica that is asked for itself answers without the leader; a token travels to the leader otherwise', async () => {
  const token = { term: 3, index: 7, seal: '00112233aabbccdd' }
  const asked: [string, unknown][] = []
  const nothing = { batches: [], bytes: 0, nextOffset: 0, highWatermark: 0, logStart: 0 }
  for (const [name, broker] of [['leader', leader] as const, ['other', other] as const]) {
    replica(broker).onFetch = (given) => {
      asked.push([name, given.token])
      return Promise.resolve(nothing)
    }
  }
  await other.node.api.fetch('t', 0, { ...request, token, replica: true })
  expect([asked, fetches()]).toEqual([[['other', token]], []])
  const forwarded = other.node.api.fetch('t', 0, { ...request, token })
  await cluster.clock.advance(10)
  await forwarded
  expect(asked.at(-1)).toEqual(['leader', token])
})

test('a broker without a replica answers that it holds no replica', async () => {
  await other.groups.remove(1)
  await expect(other.node.api.fetch('t', 0, { ...request, replica: true })).rejects.toMatchObject({
    code: 'NOT_CAUGHT_UP',
    retriable: true,
  })
})
