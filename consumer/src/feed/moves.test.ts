import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type Place, type SubscribeOptions, type Subscription } from '../index.ts'

let cluster: TestCluster
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 3 }, 2)
  consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 50 })
})
afterEach(async () => {
  await consumer.close()
  await cluster.close()
})

/** Batches of two records. A record's time is its number in thousands. */
function fill(partition: number, from: number, count: number, value = (i: number) => `${partition}-${i}`): void {
  for (let first = from; first < from + count; first += 2) {
    const writer = new BatchWriter()
    for (const i of [first, first + 1]) writer.append({ timestamp: 1000 * i, key: null, value: value(i) })
    const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
    cluster.log('t', partition).append(batch, 1 << 26)
  }
  cluster.pushAll()
}

/** A loop of which the test takes one record after the other. */
function begin(options: SubscribeOptions = {}) {
  const subscription: Subscription<string> = consumer.subscribe('t', { from: 'earliest', ...options, bytes: false })
  const records = subscription[Symbol.asyncIterator]()
  const take = async (count: number) => {
    const taken: string[] = []
    for (let i = 0; i < count; i++) taken.push((await records.next()).value!.value!)
    return taken
  }
  return { subscription, records, take }
}

const sessions = () => cluster.brokers.flatMap((broker) => [...broker.sessions])
const credit = () => sessions().reduce((sum, session) => sum + session.credit, 0)
const subscriptions = () => sessions().reduce((sum, session) => sum + session.subscriptions, 0)

/** What does not come within a while. */
async function nothing(next: Promise<unknown>): Promise<unknown> {
  const late = new Promise((resolve) => setTimeout(() => resolve('nothing'), 60))
  return Promise.race([next, late])
}

const named = (partition: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${partition}-${from + i}`)

describe('pause and resume', () => {
  it('a paused partition gives nothing from then on, within a batch too, and goes on at the next record', async () => {
    fill(0, 0, 6)
    const { subscription, records, take } = begin({ partitions: [0] })
    expect(await take(3)).toEqual(named(0, 0, 3))
    subscription.pause([0])
    expect(subscription.paused).toEqual([0])
    const next = records.next()
    expect(await nothing(next)).toBe('nothing')
    expect([...subscription.position()]).toEqual([[0, 3]])
    subscription.resume([0])
    expect((await next).value?.value).toBe('0-3')
    expect(await take(2)).toEqual(named(0, 4, 6))
    expect(subscription.paused).toEqual([])
  })

  it('others are read on meanwhile', async () => {
    for (const partition of [0, 1, 2]) fill(partition, 0, 4)
    const { subscription, take } = begin()
    await subscription.ready()
    subscription.pause([0, 2])
    fill(0, 4, 4)
    fill(1, 4, 4)
    expect(await take(8)).toEqual(named(1, 0, 8))
    subscription.resume([0])
    expect(await take(8)).toEqual(named(0, 0, 8))
    subscription.resume()
    expect(await take(4)).toEqual(named(2, 0, 4))
  })

  it('all are paused, also those that are added meanwhile, until all or some are resumed', async () => {
    const { subscription, records, take } = begin()
    await subscription.ready()
    subscription.pause()
    cluster.addPartition('t')
    for (const partition of [0, 1, 2, 3]) fill(partition, 0, 2)
    const next = records.next()
    await expect.poll(() => subscription.paused).toEqual([0, 1, 2, 3])
    expect(await nothing(next)).toBe('nothing')
    subscription.resume([3])
    expect((await next).value?.value).toBe('3-0')
    subscription.resume()
    expect((await take(7)).sort()).toEqual([...named(0, 0, 2), ...named(1, 0, 2), ...named(2, 0, 2), '3-1'])
  })

  it('before the loop begins: its start is found, and `latest` misses nothing', async () => {
    fill(0, 0, 4)
    const { subscription, take } = begin({ from: 'latest' })
    subscription.pause()
    await subscription.ready()
    fill(0, 4, 2)
    fill(1, 0, 2)
    subscription.resume()
    expect((await take(4)).sort()).toEqual([...named(0, 4, 6), ...named(1, 0, 2)])
  })

  it('paused partitions hold no credit and no records, however much is published to them', async () => {
    const { subscription, take } = begin({ maxBufferedBytes: 256 * 1024 })
    await subscription.ready()
    const large = (i: number) => 'x'.repeat(10_000) + i
    // Partitions 0 and 2 come over one connection.
    subscription.pause([0])
    for (let round = 0; round < 40; round++) {
      fill(0, 10 * round, 10, large)
      fill(2, 2 * round, 2)
      expect(await take(2)).toEqual(named(2, 2 * round, 2 * round + 2))
    }
    expect(cluster.pushedBytes).toBeLessThan(1_500_000)
    await expect.poll(credit).toBeGreaterThan(200_000)
    subscription.pause()
    await expect.poll(credit).toBe(0)
    await expect.poll(() => subscriptions()).toBe(0)
    subscription.resume([0])
    expect((await take(1))[0]).toHaveLength(10_001)
  })

  it('a loop with an end waits for what is paused', async () => {
    fill(0, 0, 4)
    fill(1, 0, 2)
    const { subscription, records, take } = begin({ until: 'end' })
    await subscription.ready()
    subscription.pause([0])
    expect(await take(2)).toEqual(named(1, 0, 2))
    const next = records.next()
    expect(await nothing(next)).toBe('nothing')
    subscription.resume([0])
    expect((await next).value?.value).toBe('0-0')
    expect(await take(3)).toEqual(named(0, 1, 4))
    expect((await records.next()).done).toBe(true)
  })

  it('many times over, with leaders that move: each record comes once, in order', async () => {
    fill(0, 0, 200)
    fill(1, 0, 200)
    const { subscription, take } = begin({ maxBufferedBytes: 1 })
    const got: string[] = []
    for (let i = 0; i < 400; i++) {
      got.push(...(await take(1)))
      if (i % 7 === 0) subscription.pause([i % 2])
      if (i % 7 === 1) subscription.resume()
      if (i % 50 === 0) cluster.moveLeader('t', 0, 1 + ((i / 50) % 2))
    }
    for (const partition of [0, 1]) {
      expect(got.filter((value) => value.startsWith(`${partition}-`))).toEqual(named(partition, 0, 200))
    }
  })

  it('refuses partitions that are not read', async () => {
    const { subscription } = begin()
    expect(() => subscription.pause([-1])).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }))
    await subscription.ready()
    expect(() => subscription.pause([5])).toThrow(expect.objectContaining({ code: 'UNKNOWN_PARTITION' }))
    expect(() => subscription.resume([5])).toThrow(expect.objectContaining({ code: 'UNKNOWN_PARTITION' }))
  })
})

describe('seek', () => {
  it('goes back and forth; no record of the former place comes behind it', async () => {
    fill(0, 0, 10)
    const { subscription, take } = begin({ partitions: [0] })
    expect(await take(3)).toEqual(named(0, 0, 3))
    await subscription.seek({ partition: 0, offset: 7 })
    expect([...subscription.position()]).toEqual([[0, 7]])
    expect(await take(2)).toEqual(named(0, 7, 9))
    await subscription.seek({ partition: 0, offset: 1 })
    expect(await take(3)).toEqual(named(0, 1, 4))
    await subscription.seek({ partition: 0, time: new Date(5500) })
    expect(await take(4)).toEqual(named(0, 6, 10))
    await subscription.seek({ partition: 0, time: '1970-01-01T00:00:02Z' })
    expect(await take(1)).toEqual(['0-2'])
    await subscription.seek({ partition: 0, offset: 'latest' })
    fill(0, 10, 2)
    expect(await take(1)).toEqual(['0-10'])
    await subscription.seek({ partition: 0, offset: 'earliest' })
    expect(await take(1)).toEqual(['0-0'])
  })

  it('leaves other partitions as they are', async () => {
    fill(0, 0, 4)
    fill(1, 0, 4)
    const { subscription, take } = begin()
    await subscription.ready()
    await subscription.seek({ partition: 1, offset: 2 })
    expect((await take(6)).sort()).toEqual([...named(0, 0, 4), ...named(1, 2, 4)])
  })

  it('of batches: the next one begins there', async () => {
    fill(0, 0, 8)
    const subscription = consumer.subscribe('t', { from: 'earliest', partitions: [0] })
    const begun: number[] = []
    for await (const { baseOffset } of subscription.batches()) {
      begun.push(baseOffset)
      if (begun.length === 1) await subscription.seek({ partition: 0, offset: 5 })
      if (begun.length === 3) break
    }
    expect(begun).toEqual([0, 5, 6])
  })

  it('while the loop waits, of a paused partition, and back from the end of a loop', async () => {
    fill(0, 0, 4)
    const { subscription, records, take } = begin({ until: 'end', partitions: [0] })
    expect(await take(4)).toEqual(named(0, 0, 4))
    await subscription.seek({ partition: 0, offset: 2 })
    subscription.pause([0])
    await subscription.seek({ partition: 0, offset: 1 })
    const next = records.next()
    expect(await nothing(next)).toBe('nothing')
    subscription.resume([0])
    expect((await next).value?.value).toBe('0-1')
    expect(await take(2)).toEqual(named(0, 2, 4))
    expect((await records.next()).done).toBe(true)
    await expect(subscription.seek({ partition: 0, offset: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('the last of several counts', async () => {
    fill(0, 0, 8)
    const { subscription, take } = begin({ partitions: [0] })
    const seeks = [5, 3, 6].map((offset) => subscription.seek({ partition: 0, offset }))
    await Promise.all(seeks)
    expect(await take(2)).toEqual(named(0, 6, 8))
  })

  it('to a place that is not there is refused, and the loop goes on where it was', async () => {
    fill(0, 0, 4)
    cluster.log('t', 0).logStart = 1
    const { subscription, take } = begin({ partitions: [0] })
    expect(await take(1)).toEqual(['0-1'])
    for (const offset of [0, 100]) {
      await expect(subscription.seek({ partition: 0, offset })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    }
    await expect(subscription.seek({ partition: 1, offset: 0 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    expect(await take(2)).toEqual(named(0, 2, 4))
  })

  it('again and again opens no more streams than brokers take', async () => {
    cluster.createTopic('t', 60)
    for (let partition = 0; partition < 60; partition++) fill(partition, 0, 4)
    const { subscription, take } = begin()
    await subscription.ready()
    for (let partition = 0; partition < 60; partition++) await subscription.seek({ partition, offset: 2 })
    expect((await take(120)).sort()).toEqual(
      Array.from({ length: 60 }, (_, partition) => named(partition, 2, 4))
        .flat()
        .sort(),
    )
    expect(subscriptions()).toBeLessThan(45)
  })

  it.each<[string, Place]>([
    ['neither', { partition: 0 }],
    ['both', { partition: 0, offset: 1, time: new Date(0) }],
    ['half an offset', { partition: 0, offset: 1.5 }],
    ['a time as an offset', { partition: 0, offset: '2026-01-01' as 'latest' }],
    ['an offset as a time', { partition: 0, time: '17' }],
    ['no partition', { offset: 1 } as never],
    ['another name', { partition: 0, offset: 1, topic: 't' } as never],
  ])('refuses %s', async (_, place) => {
    const { subscription } = begin()
    await expect(subscription.seek(place)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  })
})
