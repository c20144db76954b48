import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Consumer } from './index.ts'

let cluster: TestCluster
let producer: Producer
let consumer: Consumer
vi.setConfig({ testTimeout: 60_000 })
beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 }, 2)
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
  await producer.sendBatch('t', [{ value: 'a' }, { value: 'b' }])
  await producer.send('t', { value: 'c' })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

it('counts what subscriptions receive, and shows how far behind they are', async () => {
  const none = { records: 0, batches: 0, bytes: 0, retries: 0, errors: 0, subscriptions: 0, bufferedBytes: 0, lag: 0 }
  expect(consumer.counters()).toEqual(none)
  const records = consumer.subscribe('t', { from: 'earliest' })[Symbol.asyncIterator]()
  await records.next()
  await expect.poll(() => consumer.counters().records).toBe(3)
  const bytes = cluster.log('t', 0).batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
  expect(consumer.counters()).toEqual({
    ...none,
    records: 3,
    batches: 2,
    bytes,
    subscriptions: 1,
    bufferedBytes: bytes,
    lag: 2,
  })
  await records.next()
  await records.next()
  expect(consumer.counters()).toMatchObject({ lag: 0 })
  cluster.moveLeader('t', 0, 2)
  await expect.poll(() => consumer.counters().retries).toBeGreaterThan(0)
  await records.return(undefined)
  expect(consumer.counters()).toMatchObject({ records: 3, subscriptions: 0, bufferedBytes: 0, lag: 0, errors: 0 })
  const wrong = consumer.subscribe('t', { from: 99, partitions: [7] })[Symbol.asyncIterator]()
  await expect(wrong.next()).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
  expect(consumer.counters()).toMatchObject({ errors: 1, subscriptions: 0 })
})

it('counts what groups receive', async () => {
  const group = consumer.group('g', { heartbeats: 'timers' })
  for await (const { value } of group.subscribe('t')) {
    expect(consumer.counters()).toMatchObject({ subscriptions: 1 })
    if (value === 'c') break
  }
  await group.close()
  expect(consumer.counters()).toMatchObject({ records: 3, batches: 2, subscriptions: 0 })
})
