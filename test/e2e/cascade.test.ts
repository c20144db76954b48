import { statfs } from 'node:fs/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CascadeStatus } from '../../broker/src/cascade/wire/cascade-messages.ts'
import { readMetrics } from '../bench/broker-meter.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { digestReplicas } from './replica-bytes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'tiers'
const level1 = [101, 102]
const level2 = [201, 202, 203, 204]
const PARTITIONS = 3
const PROBES = 150

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
})

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

/** Median of the time that single publishes to level 0 take, each waited for, in milliseconds. */
async function publishLatency(): Promise<number> {
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  const took: number[] = []
  for (let n = 0; n < PROBES; n++) {
    const started = performance.now()
    await producer.send(topic, { value: `probe ${n}` })
    took.push(performance.now() - started)
  }
  await producer.close()
  return took.sort((a, b) => a - b)[PROBES / 2]!
}

async function status(): Promise<CascadeStatus['brokers']> {
  return (await cluster.request<CascadeStatus>(1, 'GET', '/cascade')).brokers
}

async function eventually(what: string, met: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await met().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms; ${JSON.stringify(await status())}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

async function highWatermarks(http: string): Promise<number[]> {
  const view = (await (await fetch(`http://${http}/topics/${topic}`)).json()) as {
    partitions: { highWatermark: number }[]
  }
  return view.partitions.map(({ highWatermark }) => highWatermark)
}

const sourcesOf = (brokers: CascadeStatus['brokers'], ids: readonly number[]): number[] =>
  brokers.filter(({ broker }) => ids.includes(broker)).map(({ source }) => source)

describe('three levels of real brokers', () => {
  let before = 0

  it('M88 levels find their sources, M89 over which the metadata leader spreads them evenly', async () => {
    await publishLatency()
    before = await publishLatency()
    const top = cluster.ids.map((id) => cluster.http(id)).join(',')
    for (const id of level1) await cascade.add(id, top)
    await cascade.ready()
    // All are given the same source: the cluster gives each source two.
    for (const id of level2) await cascade.add(id, cascade.http(101))
    await cascade.ready()
    await eventually('two brokers of level 2 to each source', async () => {
      const sources = sourcesOf(await status(), level2)
      return (
        sources.filter((source) => source === 101).length === 2 &&
        sources.filter((source) => source === 102).length === 2
      )
    })
    const described = await cluster.request<{ brokers: { id: number; level: number }[] }>(2, 'GET', '/cluster')
    const levels = Object.fromEntries(described.brokers.map(({ id, level }) => [id, level]))
    expect(levels).toEqual({ 1: 0, 2: 0, 3: 0, 101: 1, 102: 1, 201: 2, 202: 2, 203: 2, 204: 2 })
    expect((await readMetrics(cascade.http(204))).get('tailrace_cascade_level')).toBe(2)
  }, 30_000)

  it('M88 publishing to level 0 does not wait for the levels below', async () => {
    const reader = new Consumer({ servers: [`ws://${cascade.http(201)}`] })
    const subscription = reader.subscribe(topic, { from: 'earliest' })
    void (async () => {
      for await (const _ of subscription.batches());
    })().catch(() => {})
    const during = await publishLatency()
    // They are subscribed and silent: a publish that waited for a level below would wait now.
    cascade.signalAll('SIGSTOP')
    const frozen = await publishLatency()
    cascade.signalAll('SIGCONT')
    await subscription.close()
    await reader.close()
    const against = (ms: number): string => `${ms.toFixed(2)} (${(ms / before).toFixed(2)})`
    console.log(
      `publish to level 0, median ms, and against alone: ${against(before)} alone, ${against(during)} with 6 cascade brokers, ${against(frozen)} with all six frozen`,
    )
    expect(frozen / before).toBeLessThan(2)
    // Nine processes share one machine's cores and one disk here, each with an fsync of its own for every record.
    expect(during / before).toBeLessThan(6)
  }, 30_000)

  it('M88 a source is killed under load: its readers go on elsewhere, without gap or duplicate, the same bytes', async () => {
    const victims = (await status()).filter(({ source }) => source === 101).map(({ broker }) => broker)
    expect(victims).toHaveLength(2)
    const reader = new Consumer({ servers: [`ws://${cascade.http(victims[0]!)}`] })
    const subscription = reader.subscribe(topic, { from: 'earliest' })
    const seen = new Map<number, number[]>()
    const reading = (async () => {
      for await (const { partition, offset } of subscription) {
        if (!seen.has(partition)) seen.set(partition, [])
        seen.get(partition)!.push(offset)
      }
    })()
    // Through level 2: publishes are forwarded upward.
    const producer = new Producer({ servers: [`ws://${cascade.http(victims[1]!)}`] })
    const sends: Promise<unknown>[] = []
    for (let n = 0; n < 3000; n++) {
      sends.push(producer.send(topic, { key: `key ${n % 50}`, value: `record ${n}` }))
      if (n === 1000) await cascade.end(101, 'SIGKILL')
      if (n % 20 === 0) await new Promise((done) => setTimeout(done, 5))
    }
    await Promise.all(sends)
    await producer.close()
    await eventually('both of its brokers at the other source', async () =>
      sourcesOf(await status(), victims).every((source) => source === 102),
    )
    const ends = await highWatermarks(cluster.http(1))
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(4 * PROBES + 3000)
    await eventually('all levels to have all', async () => {
      const all = await Promise.all([102, ...level2].map((id) => highWatermarks(cascade.http(id))))
      return all.every((marks) => marks.join() === ends.join())
    })
    await eventually('the reader to have all', async () =>
      ends.every((end, partition) => (seen.get(partition)?.length ?? 0) >= end),
    )
    await subscription.close()
    await reading
    await reader.close()
    for (const [partition, end] of ends.entries()) {
      expect(seen.get(partition)).toEqual(Array.from({ length: end }, (_, offset) => offset))
    }
    const lag = await readMetrics(cascade.http(victims[0]!))
    expect([lag.get('tailrace_cascade_lag_records'), lag.get('tailrace_cascade_stopped_partitions')]).toEqual([0, 0])
  }, 40_000)

  it('M89 an operator chooses a source; a cycle is refused', async () => {
    const server = ['--server', cluster.http(3)]
    const chosen = await tailrace(['cascade', 'assign', '201', '--source', '2', ...server])
    expect(chosen.out).toContain('broker 201 copies from 2')
    const shown = await tailrace(['cascade', 'status', ...server])
    expect(shown.out).toMatch(/^ +201 +1 .* 2 +2 \(chosen\)/m)
    const refused = await tailrace(['cascade', 'assign', '102', '--source', '202', ...server])
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('CASCADE_CYCLE')
  }, 20_000)

  it('M88 one whose disk is full tells how far it is behind, there, at its source and to operators', async () => {
    await cascade.add(103, cluster.http(1))
    await cascade.ready([103])
    await cascade.end(103, 'SIGTERM')
    const { bavail, bsize } = await statfs(cascade.folder)
    await cascade.add(103, cluster.http(1), ['--disk-reserve-bytes', String(4 * bavail * bsize)])
    const producer = new Producer({ servers: cluster.servers })
    for (let n = 0; n < 30; n++) await producer.send(topic, { value: `unseen ${n}` })
    await producer.close()
    const lagOf = async () => {
      const metrics = await readMetrics(cascade.http(103))
      return ['records', 'bytes', 'seconds'].map((unit) => metrics.get(`tailrace_cascade_lag_${unit}`) ?? 0)
    }
    await eventually('its lag to be told', async () => (await lagOf())[0] === 30)
    const [, bytes, seconds] = (await lagOf()) as [number, number, number]
    expect(bytes).toBeGreaterThan(30)
    await eventually('it to grow', async () => (await lagOf())[2]! > seconds + 1)
    await eventually('its source to know', async () => {
      const one = (await status()).find(({ broker }) => broker === 103)
      return one?.lagRecords === 30 && one.lagBytes === bytes && one.lagMs > 1000
    })
    const tree = await tailrace(['cascade', 'tree', '--server', cluster.http(3)])
    expect(tree.out).toMatch(/103.*\b30\b/)
    const ready = await fetch(`http://${cascade.http(103)}/readyz`)
    const { reason } = (await ready.json()) as { reason: string }
    expect([ready.status, reason]).toEqual([
      503,
      expect.stringMatching(/^The disk of this broker is full: .* no records are copied\. Free space .* 30 records/),
    ])
    await cascade.end(103, 'SIGKILL')
  }, 60_000)

  it('M88 after kill -9 copies go on where their disks end, and all levels hold the same bytes', async () => {
    await cascade.end(203, 'SIGKILL')
    const producer = new Producer({ servers: cluster.servers })
    for (let n = 0; n < 100; n++) await producer.send(topic, { key: `late ${n}`, value: 'x'.repeat(100) })
    await producer.close()
    cascade.launch(203)
    cascade.launch(101)
    await cascade.ready()
    const ends = await highWatermarks(cluster.http(1))
    await eventually('all to have all', async () => {
      const all = await Promise.all([...level1, ...level2].map((id) => highWatermarks(cascade.http(id))))
      return all.every((marks) => marks.join() === ends.join())
    })
    await cascade.endAll('SIGTERM')
    await cluster.stopAll()
    const [truth] = await Promise.all([digestReplicas(cluster.dataFolder(1))])
    const wanted = [...truth].filter(([group]) => group !== '0').map(([, digest]) => digest)
    expect(wanted).toHaveLength(PARTITIONS)
    for (const id of [...level1, ...level2]) {
      // Groups are numbered by each broker for itself; partitions of one topic in their order.
      expect([...(await digestReplicas(cascade.dataFolder(id))).values()]).toEqual(wanted)
    }
  }, 40_000)
})
