import { Consumer, type SubscribeOptions } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** What programs read of a topic, and when they stop, with real brokers. */

let cluster: TestCluster
let consumer: Consumer
let producer: Producer

beforeEach(async () => {
  cluster = await startCluster({ brokers: 3 })
  consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
  producer = new Producer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

/** A record's time is its number in seconds since 1970. */
async function fill(topic: string, partition: number, from: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => {
    return { partition, value: `${partition}-${from + i}`, timestamp: 1000 * (from + i) }
  })
  await producer.sendBatch(topic, records)
}

async function read(topic: string, options: SubscribeOptions): Promise<string[]> {
  const values: string[] = []
  for await (const { value } of consumer.subscribe(topic, { ...options, bytes: false })) values.push(value!)
  return values.sort()
}

const named = (partition: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${partition}-${from + i}`)

describe('a loop with an end', () => {
  it('reads what was acknowledged before it began, at once, whoever leads', async () => {
    await cluster.createTopic('t', { partitions: 4 })
    for (let round = 0; round < 5; round++) {
      await fill('t', 0, 10 * round, 10)
      if (round === 2) await cluster.broker(1).kill()
      expect(await read('t', { until: 'end' })).toEqual(named(0, 0, 10 * (round + 1)).sort())
    }
  })

  it('goes on over kills of leaders, and ends where it was to end', async () => {
    await cluster.createTopic('t', { partitions: 3 })
    for (const partition of [0, 1, 2]) await fill('t', partition, 0, 3_000)
    const values: string[] = []
    for await (const { value } of consumer.subscribe('t', { until: 'end', maxBufferedBytes: 1 })) {
      values.push(value!)
      if (values.length === 1_000) {
        await cluster.broker(2).kill()
        await fill('t', 0, 3_000, 10)
      }
      if (values.length === 5_000) await cluster.broker(2).start()
    }
    expect(values.length).toBe(9_000)
    expect(new Set(values).size).toBe(9_000)
  })

  it('reads a range of times, over all partitions', async () => {
    await cluster.createTopic('t', { partitions: 3 })
    for (const partition of [0, 1]) for (let at = 0; at < 100; at += 10) await fill('t', partition, at, 10)
    const range = { from: new Date(25_000), to: '1970-01-01T00:01:03Z' }
    expect(await read('t', range)).toEqual([...named(0, 25, 63), ...named(1, 25, 63)].sort())
    expect(await read('t', { from: new Date(90_000), to: new Date(1e12) })).toEqual(
      [...named(0, 90, 100), ...named(1, 90, 100)].sort(),
    )
    expect(await read('t', { from: new Date(1e12), to: new Date(2e12) })).toEqual([])
  })

  it('reads from one position to another, both saved as JSON', async () => {
    await cluster.createTopic('t', { partitions: 2 })
    await fill('t', 0, 0, 10)
    const first = consumer.subscribe('t', { until: 'end' })
    for await (const _ of first);
    const from = JSON.parse(JSON.stringify(first.position()))
    expect(from).toEqual({ topicId: expect.any(String), offsets: { 0: 10, 1: 0 } })
    await fill('t', 0, 10, 5)
    await fill('t', 1, 0, 5)
    const second = consumer.subscribe('t', { from, until: 'end' })
    const values: string[] = []
    for await (const { value } of second) values.push(value!)
    expect(values.sort()).toEqual([...named(0, 10, 15), ...named(1, 0, 5)])
    await fill('t', 1, 5, 5)
    const to = JSON.parse(JSON.stringify(second.position()))
    expect(await read('t', { from, to })).toEqual(values)
  })

  it('whose beginning was deleted says so; the last records are those that are left', async () => {
    await cluster.createTopic('t', { partitions: 1 })
    await fill('t', 0, 0, 20)
    const answer = await fetch(`${cluster.broker(1).http}/topics/t/partitions/0/delete-records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ before: 12 }),
    })
    expect(answer.status).toBe(200)
    await expect(read('t', { from: 2, to: 8 })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    const jumps: number[] = []
    const onJump = ({ missing }: { missing: number }) => jumps.push(missing)
    expect(await read('t', { from: 2, to: 8, onOutOfRange: 'earliest', onJump })).toEqual([])
    expect(jumps).toEqual([10])
    expect(await read('t', { from: 2, to: 14, onOutOfRange: 'earliest' })).toEqual(named(0, 12, 14))
    expect(await read('t', { last: 15, until: 'end' })).toEqual(named(0, 12, 20))
    expect(await read('t', { last: 3, until: 'end' })).toEqual(named(0, 17, 20))
  })

  it('leaves partitions out that are added while it runs', async () => {
    await cluster.createTopic('t', { partitions: 1 })
    await fill('t', 0, 0, 10)
    const values: string[] = []
    for await (const { value } of consumer.subscribe('t', { until: 'end' })) {
      if (values.push(value!) !== 5) continue
      const body = JSON.stringify({ partitions: 2 })
      const headers = { 'content-type': 'application/json' }
      await fetch(`${cluster.broker(1).http}/topics/t`, { method: 'PATCH', headers, body })
      await expect
        .poll(() =>
          fill('t', 1, 0, 5).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true)
    }
    expect(values).toEqual(named(0, 0, 10))
    expect(await read('t', { until: 'end' })).toEqual([...named(0, 0, 10), ...named(1, 0, 5)])
  })
})

describe('a loop whose partitions are paused and moved', () => {
  it('has each record once and in order, over kills of leaders', async () => {
    await cluster.createTopic('t', { partitions: 3 })
    for (const partition of [0, 1, 2]) await fill('t', partition, 0, 2_000)
    const subscription = consumer.subscribe('t', { until: 'end', maxBufferedBytes: 1 })
    const values: string[] = []
    for await (const { value } of subscription) {
      values.push(value!)
      const at = values.length
      if (at % 100 === 0) {
        subscription.pause([(at / 100) % 3])
        setTimeout(() => subscription.resume(), 5)
      }
      if (at === 1_500) await cluster.broker(1).kill()
      if (at === 4_500) await cluster.broker(1).start()
    }
    for (const partition of [0, 1, 2]) {
      expect(values.filter((value) => value.startsWith(`${partition}-`))).toEqual(named(partition, 0, 2_000))
    }
  })

  it('reads on from where a seek says, by offset and by time, while a broker is down', async () => {
    await cluster.createTopic('t', { partitions: 1 })
    await fill('t', 0, 0, 1_000)
    const subscription = consumer.subscribe('t', { from: 'earliest' })
    const offsets: number[] = []
    for await (const { offset } of subscription) {
      offsets.push(offset)
      if (offsets.length === 3) {
        await cluster.broker(3).kill()
        await subscription.seek({ partition: 0, offset: 900 })
      }
      if (offsets.length === 5) await subscription.seek({ partition: 0, time: new Date(500_000) })
      if (offsets.length === 7) break
    }
    expect(offsets).toEqual([0, 1, 2, 900, 901, 500, 501])
  })
})
