import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { leastShares } from './processor-time.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const noProcessorTime = skipped(
  process.platform !== 'linux',
  "what an idle broker costs: only Linux tells a process's processor time in a file.",
)

// Long enough that compiling and opening are finished.
const SETTLE_MS = 12_000
const WINDOWS = 3
const MEASURE_MS = 6000

let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'idle', partitions: 6, replicas: 3 })
  await topicBecomes(cluster, 1, 'idle', allInSync)
})

afterAll(() => cluster.destroy())

it.skipIf(noProcessorTime)(
  'uses under 1 % of a core and under 150 MB in each idle broker',
  async () => {
    await new Promise((done) => setTimeout(done, SETTLE_MS))
    const cpu = await leastShares(cluster, WINDOWS, MEASURE_MS)
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
