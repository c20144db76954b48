import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, expectTypeOf, it, vi } from 'vitest'
import {
  Consumer,
  type ConsumerRecord,
  json,
  type StandardSchema,
  type TailraceError,
  type Topic,
  text,
  topic,
} from './index.ts'

interface Order {
  readonly id: string
  readonly price: number
}

const schema: StandardSchema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const isOrder = typeof (value as Partial<Order> | null)?.price === 'number'
      return isOrder ? { value: value as Order } : { issues: [{ message: 'a number is needed', path: ['price'] }] }
    },
  },
}
const orders = topic('t', json(schema))
const keyed = topic('t', json<Order>(), { key: text() })

let cluster: TestCluster
let producer: Producer
let consumer: Consumer
vi.setConfig({ testTimeout: 60_000 })
beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

const one: Order = { id: 'a', price: 1 }
const two: Order = { id: 'b', price: 2 }

/** A valid record, one that the schema refuses, and a valid one. */
async function publishWithFault(): Promise<void> {
  await producer.send(orders, { value: one })
  await producer.send('t', { key: 'k', value: '{"price":"x"}', headers: { trace: '7' } })
  await producer.send(orders, { value: two })
}

it('records come out as they went in, with their types', async () => {
  await producer.send(orders, { key: 'k', value: one, headers: { trace: '7', many: ['1', '2'] } })
  await producer.sendBatch(orders, [{ value: two, partition: 0 }])
  const subscription = consumer.subscribe(orders, { from: 'earliest' })
  const seen = []
  for await (const record of subscription) {
    expectTypeOf(record.value).toEqualTypeOf<Order>()
    expectTypeOf(record.key).toEqualTypeOf<string | null>()
    expectTypeOf(record.headers).toEqualTypeOf<ConsumerRecord['headers']>()
    seen.push([record.offset, record.key, record.value, record.headers])
    if (seen.length === 2) break
  }
  expect(seen).toEqual([
    [0, 'k', one, { trace: '7', many: ['1', '2'] }],
    [1, null, two, {}],
  ])
  const { records } = await consumer.read(orders, { partition: 0, offset: 1 })
  expectTypeOf(records[0]!.value).toEqualTypeOf<Order>()
  expect(records.map(({ value }) => value)).toEqual([two])
  for await (const batch of consumer.subscribe(orders, { from: 'earliest' }).batches()) {
    expect(batch.records()[0]!.value).toEqual(one)
    break
  }
})

it('what does not fit is refused before it is sent', async () => {
  await expect(producer.send(orders, { value: { id: 'a' } as Order })).rejects.toMatchObject({
    code: 'INVALID_RECORD',
    message: 'A record is not valid. value: price: a number is needed.',
  })
  await expect(producer.sendBatch(orders, [{ value: one }, { value: null as never }])).rejects.toMatchObject({
    code: 'INVALID_RECORD',
  })
  await expect(producer.send(keyed, { value: one } as never)).rejects.toThrow('key: It must be text, not null.')
  await expect(producer.send(keyed, { key: 5, value: one } as never)).rejects.toThrow(
    'key: It must be text, not number.',
  )
  await expect(producer.send(orders, null as never)).rejects.toMatchObject({ code: 'INVALID_RECORD' })
  expect(cluster.values('t', 0)).toEqual([])
  // @ts-expect-error: the topic has a key in each record
  const wrong = producer.send(keyed, { value: one }).catch(() => {})
  // @ts-expect-error: a price is no text
  const wrongToo = producer.send(orders, { value: { id: 'a', price: '1' } }).catch(() => {})
  await Promise.all([wrong, wrongToo])
})

it('the loop ends behind the records before one that does not fit, and says where it stands', async () => {
  await publishWithFault()
  const seen: unknown[] = []
  const subscription = consumer.subscribe(orders, { from: 'earliest' })
  const loop = async () => {
    for await (const { value } of subscription) seen.push(value)
  }
  await expect(loop()).rejects.toMatchObject({
    code: 'INVALID_RECORD',
    message:
      'A record is not valid. value: price: a number is needed. At "t" partition 0, offset 1; what follows begins at 2.',
    place: { topic: 't', partition: 0, offset: 1, nextOffset: 2 },
  })
  expect(seen).toEqual([one])
  expect([...subscription.position()]).toEqual([[0, 1]])
})

it.each(['skip', 'function'] as const)('onUnreadable %s leaves it out', async (choice) => {
  await publishWithFault()
  const told: unknown[] = []
  const tell = ({ code, place, cause }: TailraceError) => told.push([code, place?.offset, (cause as Error).cause])
  const seen: unknown[] = []
  const onUnreadable = choice === 'skip' ? choice : tell
  for await (const { value } of consumer.subscribe(orders, { from: 'earliest', onUnreadable })) {
    seen.push(value)
    if (seen.length === 2) break
  }
  expect(seen).toEqual([one, two])
  const issues = [{ message: 'a number is needed', path: ['price'] }]
  expect(told).toEqual(choice === 'skip' ? [] : [['INVALID_RECORD', 1, issues]])
})

it('a schema that is asynchronous ends the loop, even where records may be skipped', async () => {
  await producer.send('t', { value: '{}' })
  const later = topic('t', json({ '~standard': { ...schema['~standard'], validate: async () => ({ value: one }) } }))
  const subscription = consumer.subscribe(later, { from: 'earliest', onUnreadable: 'skip' })
  await expect(subscription[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  await expect(producer.send(later, { value: one })).rejects.toMatchObject({ code: 'INVALID_SETTING' })
})

it('a header that is not text is the mistake of its record', async () => {
  await producer.send('t', { value: '{"price":1}', headers: { a: Uint8Array.of(0xff) } })
  const subscription = consumer.subscribe(orders, { from: 'earliest' })
  await expect(subscription[Symbol.asyncIterator]().next()).rejects.toThrow('headers: they are not UTF-8 text.')
})

it('the option bytes is refused: the codecs say what records are', async () => {
  expect(() => consumer.subscribe(orders, { bytes: true } as never)).toThrow('bytes: the codecs')
  await expect(consumer.read(orders, { partition: 0, offset: 0 }, { bytes: false } as never)).rejects.toThrow('bytes')
  expectTypeOf(orders).toExtend<Topic<Order>>()
})
