import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { membersBecome, settledOn } from '../../e2e/operator.ts'
import { topicBecomes, viewTopic } from '../../e2e/topic-view.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { CopyWatch, type Memory } from './copy-watch.ts'
import { PacedPublisher } from './paced-publisher.ts'

const usage = `npm run bench:copy -- [--megabytes 1000] [--only TEXT]
Copies a partition whose log does not begin at its first record any more to a new replica while it is published to: as fast as it goes,
throttled, and over a link that breaks (M44, M54).
  --megabytes N  of the partition
  --only TEXT    scenarios whose name contains it`

const { values } = toolArguments(usage, {
  megabytes: { kind: 'number', default: 1000, least: 1 },
  only: { kind: 'text', default: '' },
})
const MB = 1e6
const size = values.megabytes * MB
const PARTITION = 'copied/0'
const MEMBERS = `/topics/copied/partitions/0/members`
const THROTTLE = 40 * MB

interface Scenario {
  readonly name: string
  readonly throttled: boolean
  readonly breaks: boolean
}

const scenarios: Scenario[] = [
  { name: 'as fast as it goes', throttled: false, breaks: false },
  { name: `throttled to ${THROTTLE / MB} MB/s`, throttled: true, breaks: false },
  { name: 'the new broker killed at half and started again', throttled: false, breaks: true },
]

/** Publishes until retention has cut the log's start off and the rest has the size. */
async function fill(cluster: ClusterProcesses): Promise<void> {
  const segment = Math.max(2 * MB, size / 8)
  const config = { retentionBytes: size }
  await cluster.request(1, 'POST', '/topics', { name: 'copied', partitions: 1, replicas: 3, config })
  const producer = new Producer({ servers: cluster.servers, batchBytes: 512 * 1024 })
  const value = Buffer.alloc(1000, 'x')
  for (let bytes = 0; bytes < size + 2 * segment; bytes += 8 * MB) {
    await producer.sendBatch(
      'copied',
      Array.from({ length: 8000 }, () => ({ value })),
    )
  }
  await producer.close()
  await topicBecomes(cluster, 1, 'copied', ({ partitions }) => partitions[0]!.logStart > 0, 60_000)
}

async function run(cluster: ClusterProcesses, scenario: Scenario): Promise<void> {
  const newcomer = await cluster.add()
  const publisher = new PacedPublisher(cluster.servers, 'copied', 1000, 500)
  await pause(3000)
  publisher.take()
  await pause(8000)
  const before = publisher.take()
  const watch = new CopyWatch(cluster, PARTITION, { newcomer, sources: [1, 2, 3] })
  await watch.start()
  const began = performance.now()
  await cluster.request(1, 'PUT', MEMBERS, { replicas: [1, 2, 3, newcomer] })
  const done = membersBecome(cluster, 1, PARTITION, settledOn([1, 2, 3, newcomer]), { timeoutMs: 300_000 })
  if (scenario.breaks) await killAtHalf(cluster, newcomer, watch)
  await done
  const seconds = (performance.now() - began) / 1000
  const during = publisher.take()
  const figures = await watch.stop()
  await publisher.stop()
  const cells = [
    scenario.name,
    (figures.totalBytes / MB).toFixed(0),
    seconds.toFixed(1),
    (figures.totalBytes / MB / figures.seconds).toFixed(0),
    (figures.sentBytes / MB).toFixed(0),
    ((figures.sentBytes - figures.totalBytes) / MB).toFixed(1),
    memory(figures.newcomer),
    memory(figures.source),
    `${before.p50.toFixed(1)} / ${before.p99.toFixed(1)}`,
    `${during.p50.toFixed(1)} / ${during.p99.toFixed(1)} / ${during.most.toFixed(0)}`,
    String(publisher.failures),
  ]
  console.log(`| ${cells.join(' | ')} |`)
  await cluster.request(1, 'PUT', MEMBERS, { replicas: [1, 2, 3] })
  await membersBecome(cluster, 1, PARTITION, settledOn([1, 2, 3]))
  await cluster.stop(newcomer)
}

function memory({ before, most }: Memory): string {
  return `${(before / MB).toFixed(0)} to ${(most / MB).toFixed(0)}`
}

/** Its links break, and it knows only the part of the copy that is on its disk. */
async function killAtHalf(cluster: ClusterProcesses, broker: number, watch: CopyWatch): Promise<void> {
  while (watch.totalBytes === 0 || watch.received < watch.totalBytes / 2) await pause(20)
  await cluster.kill(broker)
  await cluster.launch(broker)
}

const chosen = scenarios.filter(({ name }) => name.includes(values.only))
/** Brokers 1 to 3 are there, and each scenario has a new one. */
const isThrottled = (id: number): boolean => chosen[id - 4]?.throttled === true
const cluster = await ClusterProcesses.start({
  flags: ['--tail-bytes', '4MiB', '--segment-bytes', String(Math.round(Math.max(2 * MB, size / 8)))],
  flagsOf: (id) => (isThrottled(id) ? ['--replication-bytes-per-second', String(THROTTLE)] : []),
})
try {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; 500 records/s of 1,000 B meanwhile`)
  await fill(cluster)
  const { logStart, highWatermark, leader } = (await viewTopic(cluster, 1, 'copied')).partitions[0]!
  console.log(`offsets ${logStart} to ${highWatermark}, led by broker ${leader}; tailBytes 4 MiB\n`)
  console.log(
    '| scenario | MB | s until a voter | MB/s | MB sent | sent twice | RSS of the new broker, MB | of the source, MB | publish p50 / p99 ms before | p50 / p99 / most ms meanwhile | failed |',
  )
  console.log(`| --- |${' ---: |'.repeat(10)}`)
  for (const scenario of chosen) await run(cluster, scenario)
} finally {
  await cluster.destroy()
}
process.exit(0)
