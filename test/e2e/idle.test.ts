import { afterAll, beforeAll, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { BarePair } from './bare-pair.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { ownBytes } from './own-memory.ts'
import { leastShares } from './processor-time.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const noProcessorTime = skipped(
  process.platform !== 'linux',
  "what an idle broker costs: only Linux tells a process's processor time in a file.",
)

// Most of what is called often is compiled by then; windows go on while compilers still work.
const SETTLE_MS = 12_000
const MOST_WINDOWS = 8
const MEASURE_MS = 6000
const MOST_SHARE = 0.01
/** On a slow machine: how often the cost of two bare processes that exchange as many frames. */
const MOST_OF_BARE = 3
const MOST_OWN_BYTES = 100e6

let cluster: ClusterProcesses
let bare: BarePair

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'idle', partitions: 6, replicas: 3 })
  await topicBecomes(cluster, 1, 'idle', allInSync)
  bare = await BarePair.start()
})

afterAll(async () => {
  bare?.end()
  await cluster.destroy()
})

it.skipIf(noProcessorTime)(
  'uses under 1 % of a core, or three times the floor, and under 100 MB of its own in each idle broker',
  async () => {
    await new Promise((done) => setTimeout(done, SETTLE_MS))
    const [cpu, floor] = await Promise.all([
      leastShares(cluster.pids, MOST_WINDOWS, MEASURE_MS, MOST_SHARE),
      leastShares(bare.pids, MOST_WINDOWS, MEASURE_MS),
    ])
    const memory = await Promise.all(cluster.pids.map(ownBytes))
    const percents = (shares: readonly number[]): string =>
      shares.map((share) => `${(share * 100).toFixed(2)} %`).join(', ')
    console.log(
      `idle brokers: ${percents(cpu)} of a core; bare processes: ${percents(floor)}; ${memory.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', ')} of their own`,
    )
    const most = Math.max(MOST_SHARE, MOST_OF_BARE * Math.max(...floor))
    for (const share of cpu) expect(share).toBeLessThan(most)
    for (const bytes of memory) expect(bytes).toBeLessThan(MOST_OWN_BYTES)
  },
  90_000,
)
