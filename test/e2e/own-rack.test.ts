import { Consumer, Producer } from '@tailrace/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const racks = ['north', 'east', 'south']
const PARTITIONS = 3
let cluster: ClusterProcesses
let producer: Producer

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flagsOf: (id) => ['--rack', racks[id - 1]!] })
  await cluster.request(1, 'POST', '/topics', { name: 'racks', partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, 'racks', allInSync)
  producer = new Producer({ servers: cluster.servers })
})
afterAll(async () => {
  await producer?.close()
  await cluster?.destroy()
})

const recordsReadAt = async (id: number) =>
  (await readMetrics(cluster.http(id))).get('tailrace_fetch_records_total{transport="websocket_binary"}')!

it('a reader of a rack reads from the replicas there alone, over the death of that broker and others', async () => {
  const values: string[] = []
  const consumer = new Consumer({ servers: cluster.servers, rack: 'east' })
  const records = consumer.subscribe('racks', { from: 'earliest', readFrom: 'nearest' })
  const reading = (async () => {
    for await (const { value } of records) values.push(value!)
  })()
  const publish = async (from: number, to: number): Promise<void> => {
    const numbers = Array.from({ length: to - from }, (_, at) => from + at)
    for (const n of numbers) await producer.send('racks', { key: `key ${n}`, value: String(n) })
    await expect.poll(() => values.length, { timeout: 15_000 }).toBe(to)
  }
  await publish(0, 60)
  expect(await Promise.all([1, 2, 3].map(recordsReadAt))).toEqual([0, 60, 0])
  await cluster.kill(2)
  await publish(60, 90)
  await cluster.launch(2)
  await cluster.ready([2])
  await cluster.kill(3)
  await publish(90, 120)
  expect([...values].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 120 }, (_, n) => String(n)))
  await consumer.close()
  await reading
})
