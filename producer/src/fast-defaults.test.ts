import { machine } from '@tailrace/client'
import { TestCluster } from '@tailrace/client/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Producer, type ProducerOptions, partitionForKey } from './index.ts'

let cluster: TestCluster
let producer: Producer
/** What waits for the end of the linger, which never comes by itself. */
let lingering: (() => void)[]

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 3 })
  lingering = []
})
afterEach(async () => {
  await producer.close({ timeoutMs: 0 })
  await cluster.close()
})

function start(options: Omit<ProducerOptions, 'servers'> = {}): void {
  const hold = (call: () => void) => {
    lingering.push(call)
    return { cancel: () => {} }
  }
  const after: typeof machine.after = (ms, call) => (ms === 5 ? hold(call) : machine.after(ms, call))
  producer = new Producer({ servers: cluster.servers, surroundings: { ...machine, after }, ...options })
}

const batches = () => [0, 1, 2].map((partition) => cluster.log('t', partition).batches.length)

it('a record that nothing else is under way with waits for none, with what is sent in its tick', async () => {
  start()
  await producer.send('t', { value: 'first', partition: 0 })
  const all = [0, 1, 2, 0, 1, 2].map((partition) => producer.send('t', { value: 'x', partition }))
  await Promise.all(all)
  await producer.sendBatch('t', [
    { value: 'y', partition: 1 },
    { value: 'y', partition: 2 },
  ])
  expect(lingering).toEqual([])
  expect(batches()).toEqual([2, 2, 2])
})

it('one that comes while others are under way waits for company', async () => {
  start()
  await producer.send('t', { value: 'first', partition: 0 })
  cluster.fault = () => ({ lateMs: 50 })
  const under = producer.send('t', { value: 'a', partition: 0 })
  await Promise.resolve().then(() => {})
  const behind = ['b', 'c'].map((value) => producer.send('t', { value, partition: 1 }))
  await under
  expect(lingering).toHaveLength(1)
  expect(batches()).toEqual([2, 0, 0])
  lingering[0]!()
  await Promise.all(behind)
  expect(batches()).toEqual([2, 1, 0])
})

it('lingerMs that is given holds in any case', async () => {
  start({ lingerMs: 5 })
  const sent = producer.send('t', { value: 'first', partition: 0 })
  await expect.poll(() => lingering.length).toBe(1)
  expect(batches()).toEqual([0, 0, 0])
  lingering[0]!()
  await sent
})

it('a partitioner may leave a record to the default', async () => {
  start({ partitioner: ({ key }) => (key === 'own' ? 2 : undefined) })
  expect(await producer.send('t', { key: 'own', value: 'a' })).toMatchObject({ partition: 2 })
  const { partition } = await producer.send('t', { key: 'other', value: 'b' })
  expect(partition).toBe(partitionForKey(new TextEncoder().encode('other'), 3))
  expect(() => new Producer({ servers: cluster.servers, partitioner: 'murmur2' as never })).toThrow('partitioner')
})
