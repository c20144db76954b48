/**
 * What do metrics cost: a batch that is published and read by clients, a round of the journal, and a page with 10,000
 * partitions? Run: npx node test/bench/metrics.ts
 */
import { Registry } from 'prom-client'
import { type Transport, transportMetrics } from '../../broker/src/doors/limits/transport-metrics.ts'
import { logMetrics } from '../../broker/src/log/log-metrics.ts'
import {
  type PartitionFigures,
  partitionFigures,
  partitionSeries,
} from '../../broker/src/partition/broker/partition-series.ts'
import { PublishStages, publishStageMetrics } from '../../broker/src/partition/replica/publish/publish-stages.ts'
import { ReadStages, readStageMetrics } from '../../broker/src/partition/replica/read/read-stages.ts'
import { batchOf } from '../../broker/src/partition/testing/batches.ts'
import { GROUP, TestWorld } from '../../broker/src/partition/testing/test-world.ts'
import { unobserved } from '../../broker/src/platform/metric-table.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { register } from '../../broker/src/start/metrics/metrics-registry.ts'
import { PartitionPage } from '../../broker/src/start/metrics/partition-page.ts'

const TIMES = 2_000_000
const PARTITIONS = 10_000

console.log(`a batch, published and read once: ${microseconds(batchSteps())} µs`)
console.log(`a round of the journal: ${microseconds(roundSteps())} µs`)
console.log(await pageFigures())

/** The least of five runs, behind one that warms up. */
function microseconds(step: () => void): string {
  const runs = Array.from({ length: 6 }, () => {
    const began = process.cpuUsage()
    for (let at = 0; at < TIMES; at++) step()
    const { user, system } = process.cpuUsage(began)
    return (user + system) / TIMES
  })
  return Math.min(...runs.slice(1)).toFixed(2)
}

function batchSteps(): () => void {
  const registry = new Registry()
  const transport: Transport = 'websocket_binary'
  const { [transport]: metrics } = transportMetrics([registry]).transports
  const stages = new PublishStages(nodeClock)
  register(registry, publishStageMetrics, stages)
  const reads = new ReadStages(nodeClock)
  register(registry, readStageMetrics, reads)
  const batches = [batchOf(['a', 'b', 'c'])]
  const { length: bytes } = batches[0]!
  return () => {
    const followed = stages.follow()
    followed?.checked()
    followed?.written()
    followed?.synced(0)
    followed?.replicated()
    const read = reads.follow()
    read?.confirmed()
    read?.begun()
    metrics.published({ bytes, records: 3, batches: 1 }, 0.003)
    metrics.fetched({ batches, bytes })
  }
}

function roundSteps(): () => void {
  const part = { metrics: { syncSeconds: unobserved, segmentSyncSeconds: unobserved, roundBytes: unobserved } }
  register(new Registry(), logMetrics, part as never)
  const { syncSeconds, roundBytes } = part.metrics
  return () => {
    syncSeconds(0.002)
    roundBytes(40_000)
  }
}

async function pageFigures(): Promise<string> {
  const world = await TestWorld.start()
  const { groups } = world.broker(1)
  const { role } = groups.get(GROUP)!.status()
  if (role !== 'leader') throw new Error(`The replica is a ${role}.`)
  const settings = { metricsPerPartition: true, metricsMaxPartitions: PARTITIONS }
  const figures = function* (): Iterable<PartitionFigures> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      yield* partitionFigures(groups, (group) => (group === GROUP ? { topic: 'flights', partition } : undefined))
    }
  }
  const page = new PartitionPage(settings, nodeClock, partitionSeries, { count: () => PARTITIONS, figures })
  for (let run = 0; run < 3; run++) await textBytes(page)
  let [longest, last] = [0, performance.now()]
  const beat = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(beat)
  }
  let isOver = false
  setImmediate(beat)
  const began = performance.now()
  const bytes = await textBytes(page)
  const took = performance.now() - began
  isOver = true
  const size = `${(bytes / 1e6).toFixed(1)} MB in ${took.toFixed(0)} ms`
  return `a page with ${PARTITIONS} partitions that are led: ${size}; others wait for at most ${longest.toFixed(0)} ms`
}

async function textBytes(page: PartitionPage<PartitionFigures>): Promise<number> {
  let bytes = 0
  for await (const piece of page.text()) bytes += Buffer.byteLength(piece)
  return bytes
}
