import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Consumer } from '../consumer.ts'
import type { GroupOptions } from './group-options.ts'

let cluster: TestCluster
let producer: Producer
let consumers: Consumer[] = []

const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 20_000, interval: 20 })
const over = { value: undefined, done: true }

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 })
  producer = new Producer({ servers: cluster.servers })
})
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()))
  consumers = []
  await producer.close()
  await cluster.close()
})

/** The records of a member of a program of its own. */
function iterate(options: GroupOptions & { bytes?: false } = {}) {
  const consumer = new Consumer({ servers: cluster.servers })
  consumers.push(consumer)
  const usual = { heartbeats: 'timers', autoCommitIntervalMs: 20 } as const
  return consumer
    .group('g', { ...usual, ...options })
    .subscribe('t')
    [Symbol.asyncIterator]()
}
const publish = (...values: string[]) =>
  producer.sendBatch(
    't',
    values.map((value) => ({ value })),
  )
const committed = () => [...cluster.group('g').partitions.values()][0]?.offset
const members = () => cluster.group('g').members.size

it('answers calls that do not wait for each other in their order; all but the last record are processed then', async () => {
  const iterator = iterate()
  const early = [iterator.next(), iterator.next(), iterator.next()]
  await waitFor(() => expect(members()).toBe(1))
  await publish('0', '1')
  await publish('2', '3', '4')
  const late = [iterator.next(), iterator.next()]
  const results = await Promise.all([...early, ...late])
  expect(results.map(({ value }) => value?.value)).toEqual(['0', '1', '2', '3', '4'])
  expect(await iterator.return(undefined)).toEqual(over)
  expect([committed(), members()]).toEqual([4, 0])
})

it('gives a record that is there in the next turn', async () => {
  await publish('0', '1', '2')
  const iterator = iterate()
  await iterator.next()
  const given: (string | null | undefined)[] = []
  void iterator.next().then(({ value }) => given.push(value?.value))
  await Promise.resolve()
  expect(given).toEqual(['1'])
  await iterator.return(undefined)
})

it('leaves the record unprocessed that it gave last when it is left, and gives nothing afterwards', async () => {
  await publish('0', '1', '2')
  const iterator = iterate()
  await iterator.next()
  await iterator.next()
  expect(await iterator.return(undefined)).toEqual(over)
  expect([await iterator.next(), await iterator.next()]).toEqual([over, over])
  expect([committed(), members()]).toEqual([1, 0])
})

it('does the same when it is told to throw', async () => {
  await publish('0', '1', '2')
  const iterator = iterate()
  await iterator.next()
  await iterator.next()
  await expect(iterator.throw(new Error('enough'))).rejects.toThrow('enough')
  expect(await iterator.next()).toEqual(over)
  expect([committed(), members()]).toEqual([1, 0])
})

it('ends calls that wait for a record when it is left', async () => {
  const iterator = iterate()
  const calls = [iterator.next(), iterator.next()]
  await waitFor(() => expect(members()).toBe(1))
  expect(await iterator.return(undefined)).toEqual(over)
  expect(await Promise.all(calls)).toEqual([over, over])
  expect(members()).toBe(0)
})

it('leaves the group though it was left while it joined', async () => {
  await publish('0')
  const iterator = iterate()
  const call = iterator.next()
  expect(await iterator.return(undefined)).toEqual(over)
  expect([await call, members()]).toEqual([over, 0])
})

it('joins no group when it is left before its first call', async () => {
  const iterator = iterate()
  await iterator.return(undefined)
  expect(await iterator.next()).toEqual(over)
  await expect(iterate().throw(new Error('enough'))).rejects.toThrow('enough')
  expect(cluster.group('g').beats).toEqual([])
})

it('rejects one call with what has ended it, when it has left the group, and gives nothing afterwards', async () => {
  const onAssigned = () => Promise.reject(new Error('no room'))
  const iterator = iterate({ onAssigned })
  const [first, second] = await Promise.allSettled([iterator.next(), iterator.next()])
  expect([first, second]).toMatchObject([{ reason: new Error('no room') }, { value: over }])
  expect([await iterator.next(), members()]).toEqual([over, 0])
})
