import { type StoredBatch, TestCluster } from '@tailrace/client/testing'
import { BatchWriter, crc32c } from '@tailrace/schemas'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Consumer, type ConsumerRecord, Positions, type SubscribeOptions, type Subscription } from './index.ts'

let cluster: TestCluster
let consumers: Consumer[] = []

afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()))
  consumers = []
  await cluster.close()
})

async function start(topics: Record<string, number> = { t: 1 }, brokers = 1): Promise<Consumer> {
  cluster = await TestCluster.start(topics, brokers)
  return another()
}

function another(options: { silenceMs?: number } = {}): Consumer {
  const consumer = new Consumer({ servers: cluster.servers, ...options })
  consumers.push(consumer)
  return consumer
}

/** Appends a batch of records v<from> … to a partition, timestamp = 1000 + offset. */
function fill(partition: number, count: number, options: { padTo?: number; batch?: number } = {}): void {
  const log = cluster.log('t', partition)
  const writer = new BatchWriter()
  for (let left = count; left > 0; ) {
    const size = Math.min(left, options.batch ?? 10)
    for (let i = 0; i < size; i++) {
      const offset = log.highWatermark + i
      writer.append({ timestamp: 1000 + offset, key: null, value: `v${offset}`.padEnd(options.padTo ?? 0) })
    }
    log.append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1 << 26)
    writer.reset()
    left -= size
  }
  cluster.pushAll()
}

async function take<Data>(subscription: Subscription<Data>, count: number): Promise<ConsumerRecord<Data>[]> {
  const records: ConsumerRecord<Data>[] = []
  if (count === 0) return records
  for await (const record of subscription) {
    records.push(record)
    if (records.length === count) break
  }
  return records
}

const offsets = (records: ConsumerRecord<unknown>[]): number[] => records.map(({ offset }) => offset)
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('readFrom nearest', () => {
  it('reads everything from a broker that does not lead, and goes on elsewhere when that is gone', async () => {
    const consumer = await start({ t: 1 }, 3)
    fill(0, 30)
    cluster.moveLeader('t', 0, 0)
    const subscription = consumer.subscribe('t', { from: 'earliest', readFrom: 'nearest' })
    await subscription.ready()
    const serving = cluster.brokers.filter((broker) => broker.subscriptions > 0)
    expect(serving).toHaveLength(1)
    await serving[0]!.stop()
    fill(0, 10)
    expect(offsets(await take(subscription, 40))).toEqual(range(0, 40))
  })

  it('is refused as a word that is no choice', async () => {
    const consumer = await start()
    expect(() => consumer.subscribe('t', { readFrom: 'follower' as never })).toThrow(/readFrom/)
  })
})

describe('a subscription starts', () => {
  const cases: [string, SubscribeOptions['from'], number][] = [
    ['at the earliest record', 'earliest', 0],
    ['at an offset within a batch', 13, 13],
    ['at a time', new Date(1017), 17],
    ['at a time as text', '1970-01-01T00:00:01.021Z', 21],
    ['at the offset of its partition', { 0: 25 }, 25],
  ]
  it.each(cases)('%s', async (_name, from, first) => {
    const consumer = await start()
    fill(0, 30)
    expect(offsets(await take(consumer.subscribe('t', { from }), 30 - first))).toEqual(range(first, 30))
  })

  it('at what comes next', async () => {
    const consumer = await start()
    fill(0, 30)
    const subscription = consumer.subscribe('t')
    await subscription.ready()
    fill(0, 5)
    expect(offsets(await take(subscription, 5))).toEqual(range(30, 35))
  })

  it('on some partitions only, and refuses those that do not exist', async () => {
    const consumer = await start({ t: 3 })
    for (const partition of [0, 1, 2]) fill(partition, 10)
    const records = await take(consumer.subscribe('t', { from: 'earliest', partitions: [0, 2] }), 20)
    expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([0, 2]))
    await expect(take(consumer.subscribe('t', { partitions: [3] }), 1)).rejects.toMatchObject({
      code: 'UNKNOWN_PARTITION',
    })
  })

  it('where it is told to when the offset is out of range, or fails', async () => {
    const consumer = await start()
    fill(0, 10)
    await expect(take(consumer.subscribe('t', { from: 11 }), 1)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(offsets(await take(consumer.subscribe('t', { from: 11, onOutOfRange: 'earliest' }), 1))).toEqual([0])
  })

  it('never on a topic that does not exist, with an error', async () => {
    const consumer = await start()
    await expect(take(consumer.subscribe('other'), 1)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    expect(() => consumer.subscribe('t', { from: 'yesterday' })).toThrow(/from/)
    expect(() => consumer.subscribe('t', { form: 'earliest' } as never)).toThrow(/form/)
  })
})

describe('a record', () => {
  it('is text, or bytes on demand, with nothing changed in silence', async () => {
    const consumer = await start()
    const writer = new BatchWriter()
    writer.append({ timestamp: 5, key: 'SFO', value: 'ü', headers: [['h', 'x']] })
    writer.append({ timestamp: 6, key: null, value: new Uint8Array([0xff]) })
    cluster
      .log('t', 0)
      .append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1e6)
    const bytes = await take(consumer.subscribe('t', { from: 'earliest', bytes: true }), 2)
    expect(bytes[1]).toEqual({
      topic: 't',
      partition: 0,
      offset: 1,
      timestamp: 6,
      key: null,
      value: new Uint8Array([0xff]),
      headers: {},
    })
    const text = consumer.subscribe('t', { from: 'earliest' })
    await expect(take(text, 2)).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    const batches = consumer.subscribe('t', { from: 'earliest' }).batches()
    const { value } = await batches.next()
    expect(value!.count).toBe(2)
    expect(value!.bytes.length).toBe(cluster.log('t', 0).batches[0]!.bytes.length)
    const seen: number[] = []
    value!.forEach(({ offset }) => {
      seen.push(offset)
    })
    expect(seen).toEqual([0, 1])
  })

  it('knows its whole shape', async () => {
    const consumer = await start()
    const writer = new BatchWriter()
    writer.append({ timestamp: 5, key: 'SFO', value: 'ü', headers: [['h', 'x']] })
    cluster
      .log('t', 0)
      .append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1e6)
    const [record] = await take(consumer.subscribe('t', { from: 'earliest' }), 1)
    expect(record).toEqual({
      topic: 't',
      partition: 0,
      offset: 0,
      timestamp: 5,
      key: 'SFO',
      value: 'ü',
      headers: { h: 'x' },
    })
  })
})

describe('a slow reader', () => {
  it('is sent no more than it may buffer, and gets everything in the end', async () => {
    const consumer = await start()
    fill(0, 3000, { padTo: 1000, batch: 5 })
    const subscription = consumer.subscribe('t', { from: 'earliest', maxBufferedBytes: 100_000 })
    await subscription.ready()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(cluster.pushedBytes).toBeLessThan(110_000)
    const seen: number[] = []
    for await (const { offset } of subscription) {
      seen.push(offset)
      if (seen.length === 1000) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(cluster.pushedBytes).toBeLessThan(1000 * 1020 + 110_000)
      }
      if (seen.length === 3000) break
    }
    expect(seen).toEqual(range(0, 3000))
  })

  it('is told how far it is behind, and where it stands', async () => {
    const consumer = await start({ t: 2 })
    fill(0, 10)
    fill(1, 20)
    const subscription = consumer.subscribe('t', { from: 'earliest' })
    await subscription.ready()
    expect(subscription.lag()).toEqual({
      total: 30,
      partitions: new Map([
        [0, 10],
        [1, 20],
      ]),
    })
    let seen = 0
    for await (const { partition, offset } of subscription) {
      seen++
      expect(subscription.lag().total).toBe(30 - seen)
      expect(subscription.position().get(partition)).toBe(offset + 1)
      if (seen === 30) break
    }
  })
})

describe('it ends', () => {
  it('by close, with the loop', async () => {
    const consumer = await start()
    fill(0, 3)
    const subscription = consumer.subscribe('t', { from: 'earliest' })
    const seen: number[] = []
    for await (const { offset } of subscription) {
      seen.push(offset)
      if (offset === 2) void subscription.close()
    }
    expect(seen).toEqual([0, 1, 2])
    const waiting = take(consumer.subscribe('t'), 1)
    await consumer.close()
    expect(await waiting).toEqual([])
    expect(() => consumer.subscribe('t')).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })

  it('by its signal, with ABORTED', async () => {
    const consumer = await start()
    const controller = new AbortController()
    const waiting = take(consumer.subscribe('t', { signal: controller.signal }), 1)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('it goes on where it was', () => {
  it('after every connection broke, from the broker that leads now', async () => {
    const consumer = await start({ t: 3 }, 3)
    for (const partition of [0, 1, 2]) fill(partition, 50)
    const seen = [0, 1, 2].map(() => [] as number[])
    let count = 0
    for await (const { partition, offset } of consumer.subscribe('t', { from: 'earliest' })) {
      seen[partition]!.push(offset)
      count++
      if (count === 60) for (const broker of cluster.brokers) for (const session of broker.sessions) session.drop()
      if (count === 80) await cluster.broker(1).stop()
      if (count === 90) for (const partition of [0, 1, 2]) cluster.moveLeader('t', partition, 2 + (partition % 2))
      if (count === 149) for (const partition of [0, 1, 2]) fill(partition, 50)
      if (count === 300) break
    }
    for (const partition of [0, 1, 2]) expect(seen[partition]).toEqual(range(0, 100))
  })

  it('after its broker has frozen', async () => {
    await start({ t: 1 }, 2)
    const consumer = another({ silenceMs: 10 })
    fill(0, 5)
    const subscription = consumer.subscribe('t', { from: 'earliest' })
    const seen: number[] = []
    for await (const { offset } of subscription) {
      seen.push(offset)
      if (offset === 4) {
        cluster.broker(1).isFrozen = true
        cluster.moveLeader('t', 0, 2)
        fill(0, 5)
      }
      if (offset === 9) break
    }
    expect(seen).toEqual(range(0, 10))
  })

  it('on partitions that are added, from their beginning', async () => {
    cluster = await TestCluster.start({ t: 1 })
    const consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 20 })
    consumers.push(consumer)
    const subscription = consumer.subscribe('t')
    await subscription.ready()
    cluster.addPartition('t')
    fill(1, 3)
    const records = await take(subscription, 3)
    expect(records.map(({ partition, offset }) => [partition, offset])).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ])
  })

  it('from a saved position in a partition that was added since it last asked for the topic', async () => {
    const consumer = await start({ t: 1 })
    await consumer.subscribe('t').ready()
    cluster.addPartition('t')
    fill(1, 3)
    const positions = new Positions([[1, 1]], cluster.topicId('t'))
    const records = await take(consumer.subscribe('t', { from: positions, partitions: [1] }), 2)
    expect(offsets(records)).toEqual([1, 2])
  })

  it('past batches that come twice, damaged or not at all', async () => {
    const consumer = await start()
    // Two batches a frame and some three frames before credit runs out, so that every fault meets a reader that has
    // caught up.
    fill(0, 200, { padTo: 5_000, batch: 2 })
    cluster.maxPushBytes = 21_000
    let frames = 0
    cluster.alterPush = (batches) => {
      const n = ++frames
      if (n === 3) return batches.slice(1)
      if (n === 13) return [cluster.log('t', 0).batches[0]!, ...batches]
      if (n === 23) return batches.map(damaged)
      return n === 33 ? 'drop connection' : undefined
    }
    expect(offsets(await take(consumer.subscribe('t', { from: 'earliest', maxBufferedBytes: 1 }), 200))).toEqual(
      range(0, 200),
    )
    expect(frames).toBeGreaterThan(50)
  })

  it('reads each record once and in order under any of these faults', async () => {
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.constant('nothing' as const) },
      { weight: 1, arbitrary: fc.constantFrom('drop' as const, 'move' as const, 'again' as const, 'lose' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (events) => {
        const consumer = await start({ t: 2 }, 3)
        for (const partition of [0, 1]) fill(partition, 140, { batch: 7, padTo: 3_000 })
        cluster.maxPushBytes = 22_000
        let pushes = 0
        cluster.alterPush = (batches) => {
          const next = events[pushes++]
          if (next === 'lose') return batches.slice(1)
          if (next === 'again') return [...batches, ...batches]
          if (next === 'move') queueMicrotask(() => cluster.moveLeader('t', pushes % 2, 1 + (pushes % 3)))
          return next === 'drop' ? 'drop connection' : undefined
        }
        const seen = [[], []] as number[][]
        let count = 0
        for await (const { partition, offset } of consumer.subscribe('t', { from: 'earliest', maxBufferedBytes: 1 })) {
          seen[partition]!.push(offset)
          if (++count === 280) break
        }
        await consumer.close()
        await cluster.close()
        expect(seen).toEqual([range(0, 140), range(0, 140)])
      }),
      { numRuns: 20, seed: 11 },
    )
  }, 30_000)
})

function damaged({ bytes, ...batch }: StoredBatch): StoredBatch {
  const copy = bytes.slice()
  copy[copy.length - 1]! ^= 1
  expect(crc32c(copy, 21, copy.length)).not.toBe(crc32c(bytes, 21, bytes.length))
  return { ...batch, bytes: copy }
}
