import {
  Consumer,
  type ConsumerRecord,
  MemoryCheckpoints,
  type RunRecord,
  type TopicsSubscription,
} from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** Several topics in one loop, with real brokers. */

let cluster: TestCluster
let consumer: Consumer
let producer: Producer

beforeEach(async () => {
  cluster = await startCluster({ brokers: 3 })
  consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
  producer = new Producer({ servers: cluster.servers, metadataMaxAgeMs: 200, lingerMs: 0 })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

async function fill(topic: string, count: number, from = 0): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({ partition: 0, value: `${topic} ${from + i}` }))
  await producer.sendBatch(topic, records)
}

/** Collects what a loop reads. */
function read(subscription: TopicsSubscription<string>) {
  const got: ConsumerRecord[] = []
  const end = (async () => {
    for await (const record of subscription) got.push(record)
    return 'over'
  })().catch((error) => error.code)
  const values = (topic: string) => got.filter((record) => record.topic === topic).map(({ value }) => value)
  return { got, end, values }
}

const named = (topic: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${topic} ${from + i}`)

async function deleteTopic(topic: string): Promise<void> {
  const { status } = await fetch(`${cluster.broker(1).http}/topics/${topic}`, { method: 'DELETE' })
  expect(status).toBeLessThan(300)
}

describe('topics by name', () => {
  it('come in one loop, each in order, over the death of a broker', async () => {
    for (const topic of ['a', 'b']) {
      await cluster.createTopic(topic, { partitions: 2 })
      await fill(topic, 50)
    }
    const subscription = consumer.subscribe(['a', 'b'], { from: 'earliest' })
    const { got, values, end } = read(subscription)
    await expect.poll(() => got.length).toBe(100)
    await cluster.broker(2).kill()
    for (const topic of ['a', 'b']) await fill(topic, 50, 50)
    await expect.poll(() => got.length).toBe(200)
    for (const topic of ['a', 'b']) expect(values(topic)).toEqual(named(topic, 0, 100))
    expect(subscription.topics).toEqual(['a', 'b'])
    expect([...subscription.lag().topics.keys()]).toEqual(['a', 'b'])
    await subscription.close()
    expect(await end).toBe('over')
  })

  it('end where they are to, and go on from a position that was saved as JSON', async () => {
    for (const topic of ['a', 'b']) {
      await cluster.createTopic(topic)
      await fill(topic, 10)
    }
    const first = consumer.subscribe(['a', 'b'], { until: 'end' })
    const reading = read(first)
    expect(await reading.end).toBe('over')
    expect(reading.got.length).toBe(20)
    const from = JSON.parse(JSON.stringify(first.position()))
    expect(from).toEqual({
      topics: {
        a: { topicId: expect.any(String), offsets: { 0: 10 } },
        b: { topicId: expect.any(String), offsets: { 0: 10 } },
      },
    })
    await cluster.createTopic('c')
    for (const topic of ['a', 'b', 'c']) await fill(topic, 5, 10)
    const second = read(consumer.subscribe(['a', 'b', 'c'], { from, until: 'end' }))
    expect(await second.end).toBe('over')
    expect(second.got.map(({ value }) => value).sort()).toEqual(
      ['a', 'b', 'c'].flatMap((topic) => named(topic, 10, 15)).sort(),
    )
    const to = { topics: { a: from.topics.a } }
    const third = read(consumer.subscribe(['a', 'b'], { to }))
    expect(await third.end).toBe('over')
    expect(third.got.map(({ value }) => value)).toEqual(named('a', 0, 10))
  })

  it('one that does not exist, or is deleted, ends the loop', async () => {
    await cluster.createTopic('a')
    await fill('a', 3)
    const { end } = read(consumer.subscribe(['a', 'none'], { from: 'earliest' }))
    expect(await end).toBe('UNKNOWN_TOPIC')
    const other = read(consumer.subscribe(['a'], { from: 'earliest' }))
    await expect.poll(() => other.got.length).toBe(3)
    await deleteTopic('a')
    expect(await other.end).toBe('UNKNOWN_TOPIC')
    expect(other.values('a')).toEqual(named('a', 0, 3))
  })

  it('a topic that was created anew is told by its id in the position', async () => {
    await cluster.createTopic('a')
    await fill('a', 3)
    const first = consumer.subscribe(['a'], { until: 'end' })
    await read(first).end
    const from = JSON.parse(JSON.stringify(first.position()))
    await deleteTopic('a')
    await expect
      .poll(() =>
        cluster.createTopic('a').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    const { end } = read(consumer.subscribe(['a'], { from, until: 'end' }))
    expect(await end).toBe('TOPIC_ID_MISMATCH')
  })
})

describe('topics by a pattern', () => {
  it('join while the loop runs, from their beginning, and leave when they are deleted', async () => {
    for (const topic of ['orders.a', 'orders.b', 'other']) {
      await cluster.createTopic(topic)
      await fill(topic, 5)
    }
    const subscription = consumer.subscribe(/^orders\./, { from: 'latest' })
    await subscription.ready()
    const { values, end } = read(subscription)
    expect(subscription.topics).toEqual(['orders.a', 'orders.b'])
    await cluster.createTopic('orders.c')
    await fill('orders.c', 5)
    await fill('orders.a', 5, 5)
    await fill('other', 5, 5)
    await expect.poll(() => values('orders.c')).toEqual(named('orders.c', 0, 5))
    expect(values('orders.a')).toEqual(named('orders.a', 5, 10))
    expect(values('other')).toEqual([])
    await deleteTopic('orders.b')
    await expect.poll(() => subscription.topics).toEqual(['orders.a', 'orders.c'])
    await fill('orders.a', 5, 10)
    await expect.poll(() => values('orders.a')).toEqual(named('orders.a', 5, 15))
    await cluster.createTopic('orders.b')
    await fill('orders.b', 2, 100)
    await expect.poll(() => values('orders.b')).toEqual(named('orders.b', 100, 102))
    await subscription.close()
    expect(await end).toBe('over')
  })

  it('a position that is taken while a topic joins can be given to `from`', async () => {
    await cluster.createTopic('orders.a')
    await fill('orders.a', 5)
    const subscription = consumer.subscribe(/^orders\./, { from: 'earliest' })
    const { got } = read(subscription)
    await expect.poll(() => got.length).toBe(5)
    const from: object[] = []
    const end = new AbortController()
    const watch = (async () => {
      while (!end.signal.aborted) {
        from.push(JSON.parse(JSON.stringify(subscription.position())))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await cluster.createTopic('orders.b')
    await expect.poll(() => subscription.topics).toEqual(['orders.a', 'orders.b'])
    await subscription.ready()
    end.abort()
    await watch
    for (const one of from) consumer.subscribe(/^orders\./, { from: one as { topics: object } })
  })

  it('are handled several at once by `run`, with one checkpoint for all, and join while it runs', async () => {
    for (const topic of ['orders.a', 'orders.b', 'other']) {
      await cluster.createTopic(topic)
      await fill(topic, 20)
    }
    const checkpoint = new MemoryCheckpoints()
    const handled = new Map<string, number[]>()
    const options = { checkpoint, checkpointName: 'orders', checkpointIntervalMs: 20, concurrency: 4 }
    const handle = ({ topic, offset }: RunRecord): void =>
      void handled.set(topic, [...(handled.get(topic) ?? []), offset])
    const run = consumer.run(/^orders\./, handle, options)
    await cluster.createTopic('orders.c')
    await fill('orders.c', 10)
    await expect.poll(() => handled.get('orders.c')?.length).toBe(10)
    await expect.poll(() => handled.get('orders.b')?.length).toBe(20)
    await consumer.close()
    await run
    expect(Object.keys((await checkpoint.load('orders'))!.topics)).toEqual(['orders.a', 'orders.b', 'orders.c'])
    handled.clear()
    consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
    await fill('orders.b', 5)
    await consumer.run(/^orders\./, handle, { ...options, until: 'end' })
    expect([...handled]).toEqual([['orders.b', [20, 21, 22, 23, 24]]])
  })

  it('are paused with all others, also those that join, and moved one by one', async () => {
    await cluster.createTopic('orders.a')
    await fill('orders.a', 5)
    const subscription = consumer.subscribe([/^orders\./], { from: 'earliest' })
    const { values, got } = read(subscription)
    await expect.poll(() => values('orders.a')).toEqual(named('orders.a', 0, 5))
    subscription.pause()
    await cluster.createTopic('orders.b')
    for (const topic of ['orders.a', 'orders.b']) await fill(topic, 5, 5)
    await expect.poll(() => subscription.paused.map(({ topic }) => topic)).toEqual(['orders.a', 'orders.b'])
    await subscription.seek({ topic: 'orders.a', partition: 0, offset: 8 })
    expect(got.length).toBe(5)
    subscription.resume([{ topic: 'orders.b' }])
    await expect.poll(() => values('orders.b')).toEqual(named('orders.b', 5, 10))
    subscription.resume()
    await expect.poll(() => values('orders.a').slice(5)).toEqual(named('orders.a', 8, 10))
    await expect(subscription.seek({ topic: 'none', partition: 0, offset: 0 })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })
    expect(() => subscription.pause([{ topic: 'none' }])).toThrow('none')
  })

  it('that no topic matches: the loop waits for one, or ends at once where it has an end', async () => {
    const none = read(consumer.subscribe(/^none/, { until: 'end' }))
    expect(await none.end).toBe('over')
    const { values } = read(consumer.subscribe(/^late/))
    await cluster.createTopic('late')
    await fill('late', 3)
    await expect.poll(() => values('late')).toEqual(named('late', 0, 3))
  })

  it('hundreds of them are read under one bound of memory', async () => {
    const topics = Array.from({ length: 230 }, (_, i) => `many.${i}`)
    for (const topic of topics) await cluster.createTopic(topic, { replicas: 1 })
    const value = 'x'.repeat(20_000)
    for (const topic of topics) await producer.sendBatch(topic, [{ value }, { value }])
    const subscription = consumer.subscribe(/^many\./, { until: 'end', maxBufferedBytes: 1_000_000 })
    const { got, end } = read(subscription)
    expect(await end).toBe('over')
    expect(got.length).toBe(460)
    expect(new Set(got.map(({ topic }) => topic)).size).toBe(230)
  })
})
