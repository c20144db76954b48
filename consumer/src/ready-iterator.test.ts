import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Consumer } from './consumer.ts'

let cluster: TestCluster
let producer: Producer
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ numbers: 1 })
  producer = new Producer({ servers: cluster.servers })
  consumer = new Consumer({ servers: cluster.servers })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

const publish = (...values: string[]) =>
  producer.sendBatch(
    'numbers',
    values.map((value) => ({ value })),
  )

it('answers calls that do not wait for each other in their order, whether records are there or not', async () => {
  const records = consumer.subscribe('numbers', { from: 'earliest' })
  const iterator = records[Symbol.asyncIterator]()
  const early = [iterator.next(), iterator.next(), iterator.next()]
  await records.ready()
  await publish('0', '1')
  await publish('2', '3', '4')
  const late = [iterator.next(), iterator.next()]
  const results = await Promise.all([...early, ...late])
  expect(results.map(({ value }) => value?.value)).toEqual(['0', '1', '2', '3', '4'])
  expect(records.position().get(0)).toBe(5)
})

it('ends calls that wait when the loop is left, and gives nothing afterwards', async () => {
  const iterator = consumer.subscribe('numbers', { from: 'earliest' })[Symbol.asyncIterator]()
  await publish('0', '1')
  expect((await iterator.next()).value?.value).toBe('0')
  expect(await iterator.return(undefined)).toEqual({ value: undefined, done: true })
  expect(await iterator.next()).toEqual({ value: undefined, done: true })

  const waiting = consumer.subscribe('numbers', { from: 'latest' })[Symbol.asyncIterator]()
  const calls = [waiting.next(), waiting.next()]
  await waiting.return(undefined)
  expect(await Promise.all(calls)).toEqual([0, 1].map(() => ({ value: undefined, done: true })))
})

it('gives the records before one that is no text, then its error once, and then no more', async () => {
  await producer.sendBatch('numbers', [{ value: '0' }, { value: Uint8Array.of(0xff) }, { value: '2' }])
  const records = consumer.subscribe('numbers', { from: 'earliest' })
  const iterator = records[Symbol.asyncIterator]()
  const [first, second, third] = await Promise.allSettled([iterator.next(), iterator.next(), iterator.next()])
  expect(first).toMatchObject({ value: { value: { value: '0' }, done: false } })
  expect(second).toMatchObject({ reason: { code: 'INVALID_RECORD', place: { offset: 1 } } })
  expect(third).toMatchObject({ value: { done: true } })
  expect(records.position().get(0)).toBe(1)
})

it('throws what it is told to throw, and closes', async () => {
  const iterator = consumer.subscribe('numbers', { from: 'earliest' })[Symbol.asyncIterator]()
  await expect(iterator.throw(new Error('enough'))).rejects.toThrow('enough')
  expect(await iterator.next()).toEqual({ value: undefined, done: true })
})
