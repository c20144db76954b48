import { setTimeout as delay } from 'node:timers/promises'
import { Consumer, type Jump } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CascadeStatus } from '../../broker/src/cascade/wire/cascade-messages.ts'
import { readMetrics } from '../bench/broker-meter.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'short'
const MiB = 2 ** 20

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: ['--segment-bytes', '2MiB'] })
  cascade = await CascadeProcesses.inFolder()
  const config = { retentionBytes: 2 * MiB }
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 3, config })
  await topicBecomes(cluster, 1, topic, allInSync)
  await cascade.add(101, cluster.ids.map((id) => cluster.http(id)).join(','))
  await cascade.ready()
  await cascade.add(201, cascade.http(101))
  await cascade.ready()
}, 60_000)

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

async function bounds(http: string): Promise<{ logStart: number; highWatermark: number }> {
  const view = (await (await fetch(`http://${http}/topics/${topic}`)).json()) as {
    partitions: { logStart: number; highWatermark: number }[]
  }
  return view.partitions[0]!
}

async function eventually(what: string, met: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await met().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await delay(100)
  }
}

it('M88 retention that overtakes a copy is told to readers two levels below, and to operators', async () => {
  const producer = new Producer({ servers: cluster.servers })
  const send = (count: number) =>
    Promise.all(Array.from({ length: count }, () => producer.send(topic, { value: 'v'.repeat(10_000) })))
  await send(10)
  const jumps: Jump[] = []
  const offsets: number[] = []
  const reader = new Consumer({ servers: [`ws://${cascade.http(201)}`] })
  const onJump = (jump: Jump): number => jumps.push(jump)
  const records = reader.subscribe(topic, { from: 'earliest', onOutOfRange: 'earliest', onJump })
  const reading = (async () => {
    for await (const { offset } of records) offsets.push(offset)
  })()
  await eventually('the first records', async () => offsets.length === 10)

  await cascade.end(101, 'SIGKILL')
  await send(1_200)
  await eventually('retention', async () => (await bounds(cluster.http(1))).logStart > 10)
  cascade.launch(101)
  await eventually('the last record', async () => offsets.at(-1) === 1_209)
  await records.close()
  await reading

  const [jump] = jumps
  expect(jumps).toHaveLength(1)
  expect(jump).toMatchObject({ topic, partition: 0, from: 10, missing: jump!.to - 10 })
  const rest = Array.from({ length: 1_210 - jump!.to }, (_, n) => jump!.to + n)
  expect(offsets).toEqual([...Array(10).keys(), ...rest])

  const told = async (id: number) =>
    (await cluster.request<CascadeStatus>(1, 'GET', '/cascade')).brokers.find(({ broker }) => broker === id)
  for (const id of [101, 201]) {
    expect(await bounds(cascade.http(id))).toMatchObject({ highWatermark: 1_210 })
    await eventually(`the report of ${id}`, async () => (await told(id))?.overtaken === 1)
    const { missedRecords = 0 } = (await told(id))!
    expect(missedRecords).toBeGreaterThanOrEqual(jump!.missing)
    expect((await readMetrics(cascade.http(id))).get('tailrace_cascade_missed_records_total')).toBe(missedRecords)
    expect(await cascade.log(id)).toContain('had removed records before they were copied')
  }
  await producer.close()
  await reader.close()
}, 120_000)
