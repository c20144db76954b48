import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Consumer, type Jump } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'large'
const MiB = 2 ** 20
const BOUND = 64 * MiB
const RECORD_BYTES = 16 * 1024
const TIMES = 8
const COUNT = (TIMES * BOUND) / RECORD_BYTES
/** What operators are told to give V8 beside the bound. */
const HEAP_MIB = 192
/** Of the process, beside the bound. */
const GARBAGE = 250 * MiB

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ brokers: 1 })
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 1 })
  await topicBecomes(cluster, 1, topic, allInSync)
  process.env.NODE_OPTIONS = `--max-old-space-size=${BOUND / MiB + HEAP_MIB}`
  await cascade.add(101, cluster.http(1), ['--memory', '--memory-bytes', String(BOUND)])
  delete process.env.NODE_OPTIONS
  await cascade.ready()
}, 60_000)

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

async function bounds(): Promise<{ logStart: number; highWatermark: number }> {
  const view = (await (await fetch(`http://${cascade.http(101)}/topics/${topic}`)).json()) as {
    partitions: { logStart: number; highWatermark: number }[]
  }
  return view.partitions[0]!
}

async function figure(name: string): Promise<number> {
  return (await readMetrics(cascade.http(101))).get(name)!
}

it('M88 a broker with --memory takes a bounded part of what it copies, and nothing of the disk', async () => {
  const before = await figure('process_resident_memory_bytes')
  const producer = new Producer({ servers: cluster.servers })
  let most = 0
  for (let sent = 0; sent < COUNT; sent += 256) {
    const value = 'v'.repeat(RECORD_BYTES)
    await Promise.all(Array.from({ length: 256 }, () => producer.send(topic, { value })))
    most = Math.max(most, await figure('process_resident_memory_bytes'))
    expect(await figure('tailrace_log_tail_bytes')).toBeLessThanOrEqual(BOUND)
  }
  await producer.close()
  const deadline = Date.now() + 30_000
  while ((await bounds()).highWatermark < COUNT && Date.now() < deadline) await delay(100)
  const { logStart, highWatermark } = await bounds()
  expect(highWatermark).toBe(COUNT)
  expect(logStart).toBeGreaterThan(COUNT / 2)
  expect(COUNT - logStart).toBeGreaterThan((0.8 * BOUND) / RECORD_BYTES)
  const show = (bytes: number): string => `${Math.round(bytes / MiB)} MiB`
  console.log(
    `resident: ${show(before)} before, ${show(most)} at most, bound ${show(BOUND)}, copied ${show(TIMES * BOUND)}`,
  )
  expect(most - before).toBeLessThan(BOUND + GARBAGE)
  expect(existsSync(cascade.dataFolder(101))).toBe(false)

  const jumps: Jump[] = []
  const consumer = new Consumer({ servers: [`ws://${cascade.http(101)}`] })
  const onJump = (jump: Jump): number => jumps.push(jump)
  for await (const { offset } of consumer.subscribe(topic, { from: 0, onOutOfRange: 'earliest', onJump })) {
    expect(offset).toBe(logStart)
    break
  }
  await consumer.close()
  expect(jumps).toEqual([{ topic, partition: 0, from: 0, to: logStart, missing: logStart }])
}, 180_000)
