import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { readMetrics } from '../broker-meter.ts'
import { PacedPublisher } from '../copy/paced-publisher.ts'
import { bytesPerHour, type Sample } from './memory-trend.ts'
import { type Place, visitors } from './visitors.ts'

const usage = `npm run bench:mixed -- [--minutes 60] [--rate 1000] [--guests 2]
Lets clients of all kinds connect to three brokers and leave again, at a steady load, and follows the brokers' memory.
  --minutes N  of visits
  --rate N     records of 1 KB a second beside the visitors
  --guests N   visitors of each kind at a time`

const { minutes, rate, guests } = toolArguments(usage, {
  minutes: { kind: 'number', default: 60 },
  rate: { kind: 'whole number', default: 1000, least: 1 },
  guests: { kind: 'whole number', default: 2 },
}).values
const SAMPLE_MS = 10_000
/** After all visitors have gone. */
const REST_MS = 60_000
const MB = 1e6
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
  const publisher = new PacedPublisher(cluster.servers, 'mixed', 1000, rate)
  const timer = setInterval(() => void sample().catch(() => {}), SAMPLE_MS)
  await sample()
  const present = visitors.flatMap((visitor) => Array.from({ length: guests }, () => visitor))
  await Promise.all(present.map((visitor) => receive(place, visitor)))
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
