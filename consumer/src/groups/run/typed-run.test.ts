import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, expectTypeOf, it, vi } from 'vitest'
import { Consumer, json, type StandardSchema, topic } from '../../index.ts'

interface Order {
  readonly price: number
}

let wrongSetting = false
const schema: StandardSchema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      if (wrongSetting) return Promise.resolve({ value: value as Order })
      const isOrder = typeof (value as Partial<Order>).price === 'number'
      return isOrder ? { value: value as Order } : { issues: [{ message: 'a number is needed', path: ['price'] }] }
    },
  },
}
const orders = topic('t', json(schema))

let cluster: TestCluster
let producer: Producer
let consumer: Consumer
vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 30_000, interval: 20 })
beforeEach(async () => {
  wrongSetting = false
  cluster = await TestCluster.start({ t: 1 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
  await producer.sendBatch('t', [
    { value: '{"price":1}' },
    { key: Uint8Array.of(0xff), value: 'no JSON', headers: { trace: '7' } },
    { value: '{"price":3}' },
  ])
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

const join = (options: object = {}) =>
  consumer.group('g', { heartbeats: 'timers', autoCommitIntervalMs: 20, ...options })
const committed = (): number | undefined =>
  [...cluster.group('g').partitions.values()].find(({ topic }) => topic === 't')?.offset

it('a record that the codec refuses goes to the dead letters at once and as it is; the others are typed', async () => {
  const seen: Order[] = []
  const failures: unknown[] = []
  const group = join()
  const run = group.run(
    orders,
    (record) => {
      expectTypeOf(record.value).toEqualTypeOf<Order>()
      seen.push(record.value)
    },
    { orderBy: 'key', onFailure: ({ offset, attempt, next }) => failures.push([offset, attempt, next]) },
  )
  await waitFor(() => expect(committed()).toBe(3))
  expect(seen).toEqual([{ price: 1 }, { price: 3 }])
  expect(failures).toEqual([[1, 1, 'dead-letters']])
  expect([group.counts.deadLetters, group.counts.handled]).toEqual([1, 2])
  await group.close()
  await run
  const { records } = await consumer.read('t.dlq', { partition: 0, offset: 0 }, { bytes: true })
  const [{ key, value, headers }] = records as [(typeof records)[0]]
  expect([key, Buffer.from(value!).toString()]).toEqual([Uint8Array.of(0xff), 'no JSON'])
  const told = Object.fromEntries(
    Object.entries(headers).map(([name, one]) => [name, String(Buffer.from(one as never))]),
  )
  expect(told).toMatchObject({
    trace: '7',
    'tailrace.dlq.error': 'INVALID_RECORD',
    'tailrace.dlq.reason': expect.stringMatching(/key: .* At "t" partition 0, offset 1;/),
    'tailrace.dlq.attempts': '1',
  })
})

it('without dead letters it ends the run, and is not committed', async () => {
  const group = join()
  const run = group.run(orders, () => {}, { deadLetters: false })
  await expect(run).rejects.toMatchObject({
    code: 'INVALID_RECORD',
    place: { topic: 't', partition: 0, offset: 1, nextOffset: 2 },
  })
  await group.close()
  expect(committed()).toBe(1)
})

it('a schema that cannot be used ends the run: no record goes to the dead letters for it', async () => {
  wrongSetting = true
  cluster.createTopic('u', 1)
  await producer.send('u', { value: '{"price":1}' })
  const group = join()
  await expect(group.run(topic('u', json(schema)), () => {})).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  expect(group.counts.deadLetters).toBe(0)
  await group.close()
})

it('loops have typed records; what is refused follows onUnreadable', async () => {
  const seen: unknown[] = []
  const group = join({ onUnreadable: 'skip' })
  for await (const record of group.subscribe(orders)) {
    expectTypeOf(record.value).toEqualTypeOf<Order>()
    seen.push([record.offset, record.value])
    if (seen.length === 2) break
  }
  expect(seen).toEqual([
    [0, { price: 1 }],
    [2, { price: 3 }],
  ])
  await group.close()
  const other = consumer.group('other', { heartbeats: 'timers' })
  const loop = async () => {
    for await (const batch of other.batches(orders)) batch.records()
  }
  await expect(loop()).rejects.toMatchObject({ code: 'INVALID_RECORD', place: { offset: 1 } })
  await other.close()
})
