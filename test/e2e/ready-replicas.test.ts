import { readFile, statfs } from 'node:fs/promises'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { type Flight, readFlights } from './flights.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

const MIB = 1 << 20
const RETENTION = 3 * MIB
const RATE = MIB
const LATE = 3
/**
 * Two partitions keep up to four MiB each, with the segment that grows, and are copied at a MiB a second together: 8 s,
 * and as much again where retention has overtaken a copy, once or twice.
 */
const MOST_OF_CATCHING_UP_MS = 40_000

let cluster: ClusterProcesses
/** Of the next start of the broker that is late. */
let flagsOfLate: readonly string[] = []

beforeAll(async () => {
  const sizes = ['--segment-bytes', '1MiB', '--journal-file-bytes', '2MiB', '--max-batch-bytes', '256KiB']
  cluster = await ClusterProcesses.start({
    flags: [...sizes, '--replication-bytes-per-second', String(RATE)],
    flagsOf: (id) => (id === LATE ? flagsOfLate : []),
  })
  const config = { retentionBytes: RETENTION }
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 2, replicas: 3, config })
  await cluster.request(1, 'POST', '/topics', { name: 'steady', partitions: 2, replicas: 3 })
  for (const topic of ['flights', 'steady']) await topicBecomes(cluster, 1, topic, allInSync)
})

afterAll(async () => {
  await cluster?.destroy()
})

interface Readiness {
  readonly status: number
  readonly reason: string
}

/** Every answer of `/readyz` from the start of the process until the first one of 200. */
async function untilReady(id: number): Promise<Readiness[]> {
  const seen: Readiness[] = []
  const deadline = performance.now() + 60_000
  while (seen.at(-1)?.status !== 200) {
    if (performance.now() > deadline) throw new Error(`broker ${id} is not ready: ${JSON.stringify(seen.at(-1))}`)
    const answer = await fetch(`http://${cluster.http(id)}/readyz`).catch(() => null)
    if (answer !== null) seen.push({ status: answer.status, reason: ((await answer.json()) as Readiness).reason })
    await new Promise((done) => setTimeout(done, 20))
  }
  return seen
}

it('a broker that comes back under load is ready once its replicas have what was committed without it', async () => {
  const load = await FlightLoad.start(cluster, 'steady', 500)
  expect(await cluster.stop(LATE)).toBe(0)
  const before = (await viewTopic(cluster, 1, 'flights')).partitions
  const producer = new Producer({ servers: cluster.servers })
  const flights = await readFlights(0, 100_000)
  await producer.sendBatch('flights', flights)
  const isCut = (at: number, logStart: number): boolean => logStart > before[at]!.highWatermark
  await topicBecomes(cluster, 1, 'flights', ({ partitions }) =>
    partitions.every((each, at) => isCut(at, each.logStart)),
  )
  const committed = (await viewTopic(cluster, 1, 'flights')).partitions.map(({ highWatermark }) => highWatermark)

  await cluster.launch(LATE)
  const began = performance.now()
  const ready = untilReady(LATE)
  const seen = await whilePublishing(producer, flights.slice(0, 100), ready)
  const seconds = (performance.now() - began) / 1000
  const metrics = await readMetrics(cluster.http(LATE))
  console.log(
    `ready after ${seconds.toFixed(1)} s; ${RETENTION / 1e6} MB or more of each partition at ${RATE / 1e6} MB/s`,
  )
  const lagging = seen.filter(({ reason }) => /^Replicas that have not caught up since the start: [12], /.test(reason))
  expect(lagging.length).toBeGreaterThan(10)
  expect(lagging.every(({ status }) => status === 503)).toBe(true)
  expect(seconds).toBeGreaterThan(RETENTION / RATE)
  committed.forEach((offset, partition) => {
    const series = `tailrace_partition_high_watermark{topic="flights",partition="${partition}"}`
    expect(metrics.get(series)).toBeGreaterThanOrEqual(offset)
  })
  const publishedAt = performance.now()
  await topicBecomes(cluster, 1, 'flights', allInSync, MOST_OF_CATCHING_UP_MS)
  console.log(`in sync ${((performance.now() - publishedAt) / 1000).toFixed(1)} s after the last publish`)
  await producer.close()
  await load.stop()
  expect(await load.problems(cluster)).toEqual([])
})

/** Sends the rows again and again until the work is done. */
async function whilePublishing<T>(producer: Producer, rows: readonly Flight[], work: Promise<T>): Promise<T> {
  let isOver = false
  void work.finally(() => (isOver = true)).catch(() => {})
  while (!isOver) await producer.sendBatch('flights', rows)
  return work
}

it('one whose disk has less than its reserve free says that, and what to do, in its answer and in its log', async () => {
  await cluster.stop(LATE)
  await cluster.request(1, 'POST', '/topics/steady/records', { records: [{ value: 'a' }, { value: 'b' }] })
  const { bavail, bsize } = await statfs(cluster.folder)
  flagsOfLate = ['--disk-reserve-bytes', String(4 * bavail * bsize)]
  await cluster.launch(LATE)
  const shortage =
    /^The disk of this broker is full: less than half of the reserve of \d+ bytes \(diskReserveBytes\) is free, so replicas here take no records\. Free space on it, delete topics, or lower their retention\./
  const told = async () => {
    const answer = await fetch(`http://${cluster.http(LATE)}/readyz`).catch(() => null)
    return answer === null ? '' : JSON.stringify(await answer.json())
  }
  await expect.poll(told, { timeout: 20_000 }).toContain('missing entries')
  const { ready, reason, code, message } = JSON.parse(await told())
  expect({ ready, code }).toEqual({ ready: false, code: 'NOT_READY' })
  expect(reason).toMatch(shortage)
  expect(message).toContain(reason)
  const line = (await readFile(cluster.logFile(LATE), 'utf8'))
    .split('\n')
    .find((text) => text.includes('the disk has no room for records'))
  expect(JSON.parse(line!)).toMatchObject({ level: 50, reason: expect.stringMatching(shortage) })
  flagsOfLate = []
  await cluster.stop(LATE)
  await cluster.launch(LATE)
  expect((await untilReady(LATE)).at(-1)).toMatchObject({ status: 200 })
})

it('one whose partitions have no majority is ready after a limited time', async () => {
  await cluster.request(1, 'POST', '/topics', { name: 'pair', partitions: 1, replicas: 2 })
  const [kept, lost] = (await viewTopic(cluster, 1, 'pair')).partitions[0]!.replicas as readonly [number, number]
  await Promise.all([cluster.stop(kept), cluster.stop(lost)])
  await cluster.launch(kept)
  const began = performance.now()
  const seen = await untilReady(kept)
  expect(seen.some(({ reason }) => reason.includes('Partitions without a leader: 1, awaited for 10 s'))).toBe(true)
  expect(performance.now() - began).toBeGreaterThan(10_000)
})
