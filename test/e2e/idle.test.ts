import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

// Long enough that what has just been compiled and opened is done with.
const SETTLE_MS = 12_000
/** Of several windows the least counts: what else the machine does can only add, by cold caches and clocks. */
const WINDOWS = 3
const MEASURE_MS = 6000
/** What Linux has shown to programs ever since, whatever the kernel's own. */
const CLOCK_TICKS_PER_SECOND = 100

let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'idle', partitions: 6, replicas: 3 })
  await topicBecomes(cluster, 1, 'idle', allInSync)
})

afterAll(() => cluster.destroy())

/** From outside: a broker that is asked for its metrics is not idle. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}

// Only Linux tells a process's CPU time in a file.
it.skipIf(process.platform !== 'linux')(
  'uses under 1 % of a core and under 150 MB in each idle broker',
  async () => {
    await new Promise((done) => setTimeout(done, SETTLE_MS))
    const cpu = cluster.ids.map(() => Number.POSITIVE_INFINITY)
    for (let window = 0; window < WINDOWS; window += 1) {
      const before = await Promise.all(cluster.ids.map((id) => cpuSeconds(cluster.pid(id))))
      await new Promise((done) => setTimeout(done, MEASURE_MS))
      const after = await Promise.all(cluster.ids.map((id) => cpuSeconds(cluster.pid(id))))
      for (const [at, seconds] of after.entries()) {
        cpu[at] = Math.min(cpu[at]!, (seconds - before[at]!) / (MEASURE_MS / 1000))
      }
    }
    const after = await Promise.all(cluster.ids.map((id) => readMetrics(cluster.http(id))))
    const memory = after.map((metrics) => metrics.get('process_resident_memory_bytes')!)
    console.log(
      `idle brokers: ${cpu.map((share) => `${(share * 100).toFixed(2)} %`).join(', ')} of a core; ${memory.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', ')}`,
    )
    for (const share of cpu) expect(share).toBeLessThan(0.01)
    for (const bytes of memory) expect(bytes).toBeLessThan(150e6)
  },
  90_000,
)
