import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Consumer } from '../consumer.ts'
import { ReceiveBudget } from './receive-budget.ts'

const MiB = 1024 * 1024
const LEAST = 64 * 1024
/** A batch is never cut, so that of each partition one may be sent beyond what was asked for. */
const BATCH = 50_000
const PARTITIONS = 12

let cluster: TestCluster
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 })
  consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 20 })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await consumer.close()
  await cluster.close()
})

const waitFor = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 })
const credit = (): number => {
  let bytes = 0
  for (const session of cluster.broker(1).sessions) bytes += session.credit
  return bytes
}
/** 2 MB in batches of one record. */
function fill(partition: number, count = 40): void {
  const log = cluster.log('t', partition)
  for (let offset = 0; offset < count; offset++) {
    const writer = new BatchWriter()
    writer.append({ timestamp: 1000, key: null, value: 'x'.repeat(BATCH - 1_000) })
    log.append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1 << 26)
  }
  cluster.pushAll()
}

/** One by one, each when the one before is being read. */
async function addPartitions(before: (partition: number) => void, after = (): void => {}): Promise<void> {
  for (let partition = 1; partition < PARTITIONS; partition++) {
    cluster.addPartition('t')
    before(partition)
    // The coordinator looks at the topics when a member goes.
    cluster.group('g').expire('nobody')
    await waitFor(() => expect(cluster.broker(1).subscriptions).toBe(partition + 1))
    after()
  }
}

const loopOf = <Data>(loop: AsyncIterable<Data>): AsyncIterator<Data, undefined, undefined> =>
  loop[Symbol.asyncIterator]() as AsyncIterator<Data, undefined, undefined>

it('a member of a group that gains partitions one by one, and handles nothing, receives no more than its bound', async () => {
  fill(0)
  const group = consumer.group('g', { heartbeats: 'timers', maxBufferedBytes: MiB })
  const records = loopOf(group.subscribe('t'))
  await records.next()
  await addPartitions(fill)
  await waitFor(() => expect(credit()).toBe(0))
  expect(cluster.pushedBytes).toBeGreaterThan(MiB)
  expect(cluster.pushedBytes).toBeLessThan(MiB + PARTITIONS * (LEAST + BATCH))
  await records.return?.()
  await group.close()
})

it('a subscription whose topic gains partitions one by one receives no more than its bound', async () => {
  fill(0)
  const records = loopOf(consumer.subscribe('t', { from: 'earliest', maxBufferedBytes: MiB }))
  await records.next()
  await addPartitions(fill)
  await waitFor(() => expect(credit()).toBe(0))
  expect(cluster.pushedBytes).toBeLessThan(MiB + PARTITIONS * (LEAST + BATCH))
  await records.return?.()
})

it('takes credit back from partitions that have received nothing, and gives those that come later their share', async () => {
  const group = consumer.group('g', { heartbeats: 'timers', maxBufferedBytes: 4 * MiB })
  const records = loopOf(group.subscribe('t'))
  const first = records.next()
  await waitFor(() => expect(credit()).toBe(4 * MiB))
  await addPartitions(
    () => {},
    () => expect(credit()).toBeLessThanOrEqual(4 * MiB + PARTITIONS * LEAST),
  )
  await waitFor(() => expect(credit()).toBeGreaterThan(3 * MiB))
  fill(PARTITIONS - 1, 1)
  expect((await first).value).toMatchObject({ partition: PARTITIONS - 1, offset: 0 })
  await records.return?.()
  await group.close()
})

it('counts what is received and what may be received once, over connections that are lost', async () => {
  fill(0)
  const budget = vi.spyOn(ReceiveBudget.prototype, 'use')
  const freed = vi.spyOn(ReceiveBudget.prototype, 'free')
  const sum = (spy: typeof budget): number => spy.mock.calls.reduce((total, [bytes]) => total + bytes, 0)
  const subscription = consumer.subscribe('t', { from: 'earliest', maxBufferedBytes: MiB })
  let seen = 0
  for await (const _ of subscription) {
    seen++
    if (seen % 10 === 0) for (const session of cluster.broker(1).sessions) session.drop()
    expect(sum(budget) - sum(freed)).toBeLessThanOrEqual(MiB + LEAST + BATCH)
    if (seen === 40) break
  }
  expect(sum(budget)).toBeGreaterThan(MiB)
  expect(sum(budget)).toBe(sum(freed))
})
