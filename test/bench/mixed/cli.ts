/**
 * npm run bench:mixed: clients of all kinds come to three brokers and go again, at a steady load, and the brokers' memory is followed. Options: --minutes N (default 60),
 * --rate N (records of 1 KB a second beside the visitors, default 1000), --guests N (visitors of each kind at a time, default 2).
 */
import { parseArgs } from 'node:util'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { readMetrics } from '../broker-meter.ts'
import { PacedPublisher } from '../copy/paced-publisher.ts'
import { bytesPerHour, type Sample } from './memory-trend.ts'
import { type Place, visitors } from './visitors.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1000' },
    guests: { type: 'string', default: '2' },
  },
})
const SAMPLE_MS = 10_000
/** After all visitors have gone. */
const REST_MS = 60_000
const MB = 1e6
const minutes = Number(values.minutes)
const endsAt = performance.now() + minutes * 60_000

const cluster = await ClusterProcesses.start()
const samples: Sample[][] = cluster.ids.map(() => [])
const visits = new Map<string, { done: number; failed: number; last: string }>()

async function sample(): Promise<void> {
  await Promise.all(
    cluster.ids.map(async (id, at) => {
      const metrics = await readMetrics(cluster.http(id))
      samples[at]!.push({ at: performance.now(), bytes: metrics.get('process_resident_memory_bytes')! })
    }),
  )
}

async function receive(place: Place, { name, visit }: (typeof visitors)[number]): Promise<void> {
  const count = visits.get(name) ?? { done: 0, failed: 0, last: '' }
  visits.set(name, count)
  while (performance.now() < endsAt) {
    try {
      await visit(place)
      count.done++
    } catch (error) {
      count.failed++
      count.last = String(error).slice(0, 200)
    }
    await new Promise((done) => setTimeout(done, 100 + place.random(900)))
  }
}

function report(resting: readonly number[]): void {
  for (const [name, { done, failed, last }] of visits) console.log(`${name}: ${done} visits, ${failed} failed ${last}`)
  for (const [at, id] of cluster.ids.entries()) {
    const all = samples[at]!
    const settled = all.slice(Math.floor(all.length / 2))
    const most = Math.max(...all.map(({ bytes }) => bytes))
    console.log(
      `broker ${id}: ${(all[0]!.bytes / MB).toFixed(0)} MB at the start, ${(most / MB).toFixed(0)} MB at most, ` +
        `${(bytesPerHour(settled) / MB).toFixed(1)} MB an hour in the second half, ${(resting[at]! / MB).toFixed(0)} MB a minute after the load`,
    )
  }
}

try {
  const config = { retentionBytes: 64 * MB }
  await cluster.request(1, 'POST', '/topics', { name: 'mixed', partitions: 16, replicas: 3, config })
  const addresses = cluster.ids.map((id) => cluster.http(id))
  const place: Place = { addresses, topic: 'mixed', random: (bound) => Math.floor(Math.random() * bound) }
  const publisher = new PacedPublisher(cluster.servers, 'mixed', 1000, Number(values.rate))
  const timer = setInterval(() => void sample().catch(() => {}), SAMPLE_MS)
  await sample()
  const guests = visitors.flatMap((visitor) => Array.from({ length: Number(values.guests) }, () => visitor))
  await Promise.all(guests.map((visitor) => receive(place, visitor)))
  clearInterval(timer)
  const { p50, p99, count } = publisher.take()
  await publisher.stop()
  await new Promise((done) => setTimeout(done, REST_MS))
  const rest = await Promise.all(cluster.ids.map((id) => readMetrics(cluster.http(id))))
  report(rest.map((metrics) => metrics.get('process_resident_memory_bytes')!))
  console.log(
    `${count} paced records, ${publisher.failures} failed, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  )
} finally {
  await cluster.destroy()
}
