import { type Fault, TestCluster } from '@tailrace/client/testing'
import { readBatchHeader } from '@tailrace/schemas'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Producer, type ProducerOptions } from './index.ts'

let cluster: TestCluster | undefined
let producer: Producer | undefined

afterEach(async () => {
  vi.restoreAllMocks()
  await producer?.close({ timeoutMs: 0 })
  await cluster?.close()
})

async function start(
  options: Partial<ProducerOptions> = {},
  brokers = 1,
  partitions = 1,
): Promise<[TestCluster, Producer]> {
  cluster = await TestCluster.start({ t: partitions }, brokers)
  producer = new Producer({ servers: cluster.servers, lingerMs: 0, batchBytes: 200, ...options })
  return [cluster, producer]
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i}`.padEnd(20))

/** Applies `faults` to the n-th Publish that arrives, counting from 0. */
function nth(faults: Record<number, Fault>): () => Fault | undefined {
  let arrived = 0
  return () => faults[arrived++]
}

describe('a batch that meets a fault is in the log once, in its place', () => {
  const faults: [string, Fault][] = [
    ['the connection breaks before', { drop: true }],
    ['the connection breaks after', { applied: true, drop: true }],
    ['the answer never comes', { applied: true, silent: true }],
    ['the broker says OUTCOME_UNKNOWN after', { applied: true, error: 'OUTCOME_UNKNOWN' }],
    ['the broker says NOT_LEADER', { error: 'NOT_LEADER' }],
    ['the broker says LEADER_UNAVAILABLE', { error: 'LEADER_UNAVAILABLE' }],
    ['the producer is over a quota', { error: 'THROTTLED', retryAfterMs: 20 }],
    ['the broker is behind', { error: 'OUT_OF_ORDER_SEQUENCE' }],
    ['the broker does not know the topic yet', { error: 'UNKNOWN_TOPIC' }],
    ['the bytes arrive damaged', { error: 'CORRUPT_BATCH' }],
  ]
  it.each(faults)('%s', async (_name, fault) => {
    const [cluster, producer] = await start({ requestTimeoutMs: 50 })
    cluster.fault = nth({ 0: fault, 4: fault, 6: fault, 7: fault })
    const sent = await Promise.all(texts(100).map((value) => producer.send('t', { value })))
    expect(cluster.values('t', 0)).toEqual(texts(100))
    expect(sent.map(({ offset }) => offset)).toEqual(texts(100).map((_, i) => i))
  })
})

it('a producer that is over a quota waits for as long as the broker says', async () => {
  const [cluster, producer] = await start()
  await producer.send('t', { value: 'warm' })
  const arrivals: number[] = []
  cluster.fault = () => {
    arrivals.push(performance.now())
    return arrivals.length === 1 ? { error: 'THROTTLED', retryAfterMs: 600 } : undefined
  }
  await producer.send('t', { value: 'x' })
  expect(arrivals[1]! - arrivals[0]!).toBeGreaterThanOrEqual(599)
  expect(cluster.values('t', 0)).toEqual(['warm', 'x'])
})

describe('the oldest batch without an answer', () => {
  it('holds back later batches that would push it out of the memory of brokers', async () => {
    const [cluster, producer] = await start()
    await producer.send('t', { value: 'warm' })
    // The second batch stays unanswered although it is in the log, those behind it are answered; then again, and again.
    let arrived = 0
    cluster.fault = (_broker, _fields, body) => {
      const isSecond = readBatchHeader(body).baseSequence === 1
      return isSecond && arrived++ < 4 ? { applied: true, error: 'OUTCOME_UNKNOWN' } : undefined
    }
    await Promise.all(texts(200).map((value) => producer.send('t', { value })))
    expect(cluster.values('t', 0)).toEqual(['warm', ...texts(200)])
    expect(arrived).toBe(5)
  })
})

describe('a change of leader', () => {
  it('is followed, and nothing is under way on two connections', async () => {
    const [cluster, producer] = await start({}, 3)
    let arrived = 0
    cluster.fault = () => {
      if (++arrived % 7 === 0) cluster.moveLeader('t', 0, 1 + (arrived % 3))
      return { lateMs: 1 }
    }
    await Promise.all(texts(600).map((value) => producer.send('t', { value })))
    expect(cluster.values('t', 0)).toEqual(texts(600))
    expect(cluster.mixedConnections).toEqual([])
  })

  it('is survived with the leader dead: another broker names the new one', async () => {
    const [cluster, producer] = await start({}, 3)
    await producer.send('t', { value: 'a' })
    const sends = ['b', 'c'].map((value) => producer.send('t', { value }))
    await cluster.broker(1).stop()
    setTimeout(() => cluster.moveLeader('t', 0, 2), 100)
    await Promise.all([...sends, producer.send('t', { value: 'd' })])
    expect(cluster.values('t', 0)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is survived with the leader frozen: silence is noticed long before the request times out', async () => {
    const [cluster, producer] = await start({ silenceMs: 30 }, 2)
    await producer.send('t', { value: 'a' })
    cluster.broker(1).isFrozen = true
    const began = performance.now()
    const sent = producer.send('t', { value: 'b' })
    cluster.moveLeader('t', 0, 2)
    expect(await sent).toMatchObject({ partition: 0, offset: 1 })
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  it('is waited for from the first batch on, whose error says why when it is late', async () => {
    const [cluster, producer] = await start({ deliveryTimeoutMs: 150 })
    cluster.moveLeader('t', 0, 0)
    const cause = { code: 'LEADER_UNAVAILABLE' }
    await expect(producer.send('t', { value: 'a' })).rejects.toMatchObject({ code: 'TIMED_OUT', cause })
  })

  it('goes through any broker that forwards while the leader cannot be reached', async () => {
    const [cluster, producer] = await start({}, 2)
    cluster.forwards = true
    await cluster.broker(1).stop()
    await producer.send('t', { value: 'a' })
    expect(cluster.values('t', 0)).toEqual(['a'])
  })

  it('leaves the broker that forwards for the leader itself after five seconds', async () => {
    const [cluster, producer] = await start({}, 2)
    cluster.forwards = true
    await cluster.broker(1).stop()
    await producer.send('t', { value: 'a' })
    await cluster.broker(1).start()
    const asked: number[] = []
    cluster.fault = (broker) => void asked.push(broker)
    const { now } = performance
    for (const later of [4_000, 6_000]) {
      vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + later)
      await producer.send('t', { value: `${later}` })
    }
    expect(asked).toEqual([2, 1])
  })
})

describe('a batch that fails permanently', () => {
  it('leaves no gap: what follows it goes on under a new producer id, once', async () => {
    const [cluster, producer] = await start()
    await producer.send('t', { value: 'warm' })
    cluster.fault = nth({ 2: { error: 'INVALID_BATCH' } })
    const results = await Promise.allSettled(texts(60).map((value) => producer.send('t', { value })))
    const failed = results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(10)
    expect(cluster.values('t', 0)).toEqual(['warm', ...texts(60).filter((_, i) => !failed.includes(i))])
  })

  it('with an unknown outcome fails the batches that were sent behind it, and no others', async () => {
    const [cluster, producer] = await start({ deliveryTimeoutMs: 400, requestTimeoutMs: 40 })
    await producer.send('t', { value: 'warm' })
    let isDown = true
    cluster.fault = () => (isDown ? { drop: true } : undefined)
    const results = Promise.allSettled(texts(100).map((value) => producer.send('t', { value })))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const later = producer.send('t', { value: 'later' })
    const codes = new Set((await results).map((result) => (result.status === 'rejected' ? result.reason.code : 'sent')))
    isDown = false
    expect(codes).toEqual(new Set(['OUTCOME_UNKNOWN', 'TIMED_OUT']))
    await later
    await producer.send('t', { value: 'last' })
    expect(cluster.values('t', 0)).toEqual(['warm', 'later', 'last'])
  })

  it('fails with the error of the search for a leader, as soon as that is known', async () => {
    const [cluster, producer] = await start({ deliveryTimeoutMs: 60_000 })
    await producer.send('t', { value: 'warm' })
    cluster.moveLeader('t', 0, 0)
    const sent = producer.send('t', { value: 'x' })
    cluster.deleteTopic('t')
    // The two seconds for which a topic may be missing pass in a tenth of one.
    const { now } = performance
    const began = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => began + 20 * (now.call(performance) - began))
    await expect(sent).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  it('does not stay pending when no broker can be reached at all', async () => {
    const [cluster, producer] = await start({ deliveryTimeoutMs: 100 })
    await cluster.close()
    await expect(producer.send('t', { value: 'x' })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  })
})

const fault: fc.Arbitrary<Fault | 'move' | 'nobody leads' | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ drop: fc.constant(true), applied: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ lateMs: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ applied: true, silent: true }) },
  { weight: 1, arbitrary: fc.constant({ applied: true, error: 'OUTCOME_UNKNOWN' as const }) },
  { weight: 1, arbitrary: fc.constant({ error: 'NOT_LEADER' as const }) },
  { weight: 1, arbitrary: fc.constantFrom('move' as const, 'nobody leads' as const) },
)

describe('under random faults', () => {
  it('every record is in the log once and in order, and its offset is the reported one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (faults, maxInFlight) => {
          const cluster = await TestCluster.start({ t: 2 }, 3)
          const producer = new Producer({
            servers: cluster.servers,
            lingerMs: 0,
            batchBytes: 150,
            maxInFlight,
            requestTimeoutMs: 20,
          })
          let arrived = 0
          cluster.fault = (_broker, { partition }) => {
            const next = faults[arrived++]
            if (next === 'move') cluster.moveLeader('t', partition, 1 + (arrived % 3))
            else if (next === 'nobody leads') {
              cluster.moveLeader('t', partition, 0)
              setTimeout(() => cluster.moveLeader('t', partition, 1 + (arrived % 3)), 5)
            } else return next
            return undefined
          }
          try {
            const sends = texts(120).map((value, i) => producer.send('t', { value, partition: i % 2 }))
            const sent = await Promise.all(sends)
            const expected = [0, 1].map((partition) => texts(120).filter((_, i) => i % 2 === partition))
            expect([cluster.values('t', 0), cluster.values('t', 1)]).toEqual(expected)
            for (const [i, { partition, offset }] of sent.entries())
              expect(expected[partition]![offset]).toBe(texts(120)[i])
            expect(cluster.mixedConnections).toEqual([])
          } finally {
            await producer.close({ timeoutMs: 0 })
            await cluster.close()
          }
        },
      ),
      { numRuns: 25, seed: 7 },
    )
  }, 30_000)
})
