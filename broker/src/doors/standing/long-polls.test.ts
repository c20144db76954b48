import { type Offset, TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { ReadRequest } from '../../api/broker-api.ts'
import type { FetchResult } from '../../partition/requests.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { defaultLimits, mostReadBytes } from '../limits/limits.ts'
import { ReadBudget } from '../limits/read-budget.ts'
import { WaitingReads } from '../limits/waiting-reads.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { batchOf } from '../testing/running-gateway.ts'
import { LongPolls, type Polled } from './long-polls.ts'
import { PartitionEnds } from './partition-ends.ts'

let clock: ManualClock
let broker: MemoryBroker
let polls: LongPolls
/** What happens behind a fetch, before its answer is told. */
let behind: (request: ReadRequest) => void
/** Read with the rights of a client. */
let own: ReadRequest[]
let mayRead: boolean

beforeEach(async () => {
  clock = new ManualClock()
  broker = new MemoryBroker(clock)
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  await publish('first')
  own = []
  behind = () => {}
  mayRead = true
  polls = new LongPolls(new PartitionEnds(broker, clock), clock)
})

const publish = (value: string) => broker.publish('t', 0, batchOf([value]))
const checkRead = (): void => {
  if (!mayRead) throw new TailraceError('AUTHORIZATION_FAILED')
}
const rights = {
  checkRead,
  api: {
    topicIdOf: (name: string) => broker.topicIdOf(name),
    async fetch(topic: string, partition: number, request: ReadRequest): Promise<FetchResult> {
      own.push(request)
      checkRead()
      const found = await broker.fetch(topic, partition, request)
      behind(request)
      return found
    },
  },
}
const poller = { rights, reads: new ReadBudget(defaultLimits.maxReadBytes, mostReadBytes(defaultLimits)) }
const poll = (changes: Partial<ReadRequest> = {}): Promise<Polled> =>
  polls.read(poller, 't', 0, { offset: 1, maxBytes: 1 << 20, waitMs: 20_000, ...changes })
const nextOf = ({ delivery }: Polled): Offset => delivery.found.nextOffset

async function crowd(count: number): Promise<Promise<Polled>[]> {
  const first = poll()
  await settled()
  return [first, ...Array.from({ length: count - 1 }, () => poll())]
}

test('one read serves all polls at the end, and each gets the same delivery', async () => {
  const waiting = await crowd(2000)
  await settled()
  // The first one has looked where the end is, and one read waits there.
  expect([broker.fetches, own.length]).toEqual([2, 1])
  void publish('second')
  await clock.advance(0)
  const polled = await Promise.all(waiting)
  expect(new Set(polled.map(({ delivery }) => delivery)).size).toBe(1)
  expect([nextOf(polled[0]!), polled.every(({ isShared }) => isShared), broker.fetches]).toEqual([2, true, 2])
})

test('a record that is published between the look at the end and the standing is not missed', async () => {
  behind = () => {
    behind = () => {}
    void publish('second')
  }
  expect(nextOf(await poll())).toBe(2)
})

test('a poll that has not looked, and gets nothing in its time, looks', async () => {
  const [first] = await crowd(1)
  const second = poll({ waitMs: 100 })
  await settled()
  expect(own).toHaveLength(1)
  await clock.advance(100)
  // An answer without records would be older than the question, were it that of the first.
  expect([nextOf(await second), own.length, own[1]!.waitMs]).toEqual([1, 2, 0])
  await clock.advance(20_000)
  expect([nextOf(await first!), own.length]).toEqual([1, 2])
})

test('a poll that is ended early looks too, unless it has', async () => {
  const waits = new WaitingReads(1)
  const { signal } = new AbortController()
  const bounded = (changes = {}) =>
    polls.read(poller, 't', 0, { offset: 1, maxBytes: 99, waitMs: 20_000, ...changes }, (empty, wait) =>
      waits.wait('client', empty, signal, wait),
    )
  const first = bounded()
  await settled()
  const second = bounded()
  expect([nextOf(await first), own.length]).toEqual([1, 1])
  const third = bounded()
  expect([nextOf(await second), own.length]).toEqual([1, 2])
  void publish('second')
  await clock.advance(0)
  expect(nextOf(await third)).toBe(2)
})

test('who may not read any more gets nothing of what is delivered, and who may not read does not stand', async () => {
  const [first] = await crowd(1)
  mayRead = false
  await expect(poll()).rejects.toMatchObject({ code: 'AUTHORIZATION_FAILED' })
  const refused = expect(first).rejects.toMatchObject({ code: 'AUTHORIZATION_FAILED' })
  void publish('second')
  await refused
})

test('who loses its right while nothing comes is told within 30 s', async () => {
  const asked = poll({ waitMs: 120_000 })
  await clock.advance(40_000)
  mayRead = false
  const refused = expect(asked).rejects.toMatchObject({ code: 'AUTHORIZATION_FAILED' })
  await clock.advance(30_000)
  await refused
})

test('a poll that wants fewer bytes than have come reads by itself', async () => {
  const [large] = await crowd(1)
  const small = poll({ maxBytes: 1 })
  void publish('second')
  await clock.advance(0)
  expect([await large, await small].map(({ isShared }) => isShared)).toEqual([true, false])
  expect(own.map(({ maxBytes }) => maxBytes)).toEqual([1 << 20, 1])
})

test('an offset beyond the end is nowhere to stand: others stand at the end', async () => {
  broker.topics.get('t')!.partitions[0]!.end = 0
  const replica = { fetch: async (...asked: Parameters<MemoryBroker['fetch']>) => broker.fetch(...asked) }
  const ends = new PartitionEnds(replica, clock)
  const behindTheEnd = new LongPolls(ends, clock)
  const fetch = async (_: string, __: number, request: ReadRequest): Promise<FetchResult> =>
    request.waitMs === 0
      ? { batches: [], bytes: 0, nextOffset: request.offset, highWatermark: 0, logStart: 0 }
      : new Promise(() => {})
  void behindTheEnd.read({ ...poller, rights: { ...rights, api: { ...rights.api, fetch } } }, 't', 0, {
    offset: 7,
    maxBytes: 99,
    waitMs: 20_000,
  })
  await settled()
  expect(ends.isAwaited({ topic: 't', topicId: 'id-t', partition: 0, replica: false }, 7)).toBe(false)
})

test('where the shared read fails each reads by itself for the rest of its time', async () => {
  const [first] = await crowd(1)
  await clock.advance(5_000)
  await broker.deleteTopic('t')
  await expect(first).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  expect(own[1]!.waitMs).toBe(15_000)
})

test.each([
  ['a token', { token: { term: 1, index: 1, seal: '00112233aabbccdd' } }],
  ['linearizable', { linearizable: true }],
])('a poll with %s reads by itself', async (_, changes) => {
  const asked = poll(changes)
  await settled()
  expect(own.map(({ waitMs }) => waitMs)).toEqual([0, 20_000])
  void publish('second')
  expect((await asked).isShared).toBe(false)
})

test('a poll whose client has left ends, and the last one ends the read', async () => {
  const gone = new AbortController()
  const left = poll({ signal: gone.signal })
  await settled()
  gone.abort()
  await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
  expect(broker.aborted).toBe(1)
})
