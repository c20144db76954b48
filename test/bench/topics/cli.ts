import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { leastShares } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { readMetrics } from '../broker-meter.ts'

const usage = `npm run bench:topics -- [--topics 1000] [--partitions 4] [--replicas 3] [--at-once 8] [--settle 20] [--seconds 15] [--windows 3]
Three brokers with many topics: how long it takes to create them, what the brokers cost while nothing happens (of several
windows the least, in per cent of a core), and how long one takes to be ready again after SIGTERM and after kill -9. On Linux.
  --at-once N  topics that are being created at one time
  --settle N   seconds before the first window`

const { values } = toolArguments(usage, {
  topics: { kind: 'whole number', default: 1000, least: 1 },
  partitions: { kind: 'whole number', default: 4, least: 1 },
  replicas: { kind: 'whole number', default: 3, least: 1 },
  'at-once': { kind: 'whole number', default: 8, least: 1 },
  settle: { kind: 'number', default: 20, least: 0 },
  seconds: { kind: 'number', default: 15, least: 1 },
  windows: { kind: 'whole number', default: 3, least: 1 },
})
const { topics, partitions, replicas, 'at-once': atOnce, settle, seconds, windows } = values

const cluster = await ClusterProcesses.start()
const figures = () => Promise.all(cluster.ids.map((id) => readMetrics(cluster.http(id))))
const megabytes = async () =>
  (await figures()).map((metrics) => (metrics.get('process_resident_memory_bytes')! / 1e6).toFixed(0)).join(', ')

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const begin = performance.now()
  await work()
  console.log(`${what}: ${((performance.now() - begin) / 1000).toFixed(2)} s`)
}

let again = 0

/** False: to be asked again, as clients do. */
async function isCreated(id: number, number: number): Promise<boolean> {
  try {
    await cluster.request(id, 'POST', '/topics', { name: `topic-${number}`, partitions, replicas })
    return true
  } catch (error) {
    const { message } = error as Error
    if (message.includes('TOPIC_EXISTS')) return true
    if (message.includes('"retriable":true')) return false
    throw error
  }
}

async function createAll(): Promise<void> {
  let next = 0
  const worker = async (at: number): Promise<void> => {
    for (let number = next++; number < topics; number = next++) {
      while (!(await isCreated(cluster.ids[(at + number) % cluster.ids.length]!, number))) {
        again++
        await pause(100)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, (_, at) => worker(at)))
}

/** Every partition has a leader, as the brokers themselves count. */
async function untilLed(): Promise<void> {
  for (;;) {
    const led = (await figures()).reduce((sum, metrics) => sum + metrics.get('tailrace_leaderships')!, 0)
    if (led === topics * partitions + 1) return
    await pause(200)
  }
}

async function restart(how: 'stop' | 'kill'): Promise<void> {
  await cluster[how](2)
  await timed(`broker 2 is ready after ${how === 'stop' ? 'SIGTERM' : 'kill -9'} and a start`, async () => {
    await cluster.launch(2)
    await cluster.ready([2])
  })
  await untilLed()
}

try {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`)
  console.log(`${topics} topics of ${partitions} partitions with ${replicas} replicas each, on 3 brokers\n`)
  console.log(`memory of the brokers without topics: ${await megabytes()} MB`)
  await timed(`created, ${atOnce} at a time`, createAll)
  console.log(`requests that were repeated: ${again}`)
  await timed('until each partition has a leader, after that', untilLed)
  await pause(settle * 1000)
  const shares = await leastShares(cluster.pids, windows, seconds * 1000)
  console.log(`idle: ${shares.map((share) => (share * 100).toFixed(2)).join(', ')} % of a core`)
  console.log(`memory: ${await megabytes()} MB`)
  for (const how of ['stop', 'kill'] as const) await restart(how)
} finally {
  await cluster.destroy()
}
process.exit(0)
