import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { processorSeconds } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import { median } from '../median.ts'
import type { ReadOrder, ReadReport } from './reader.ts'

const usage = `npm run bench:read -- [--megabytes 400] [--bytes 1000] [--rounds 3]
One reader of a whole partition, from its first record on, with the SDK by batches and record by record, both also as the one
member of a consumer group, and beside them the floor: the same files over a bare TCP socket. In each round each of them has its turn; medians of the rounds. On Linux.
  --megabytes N  of the records
  --bytes N      of each record`

const { values } = toolArguments(usage, {
  megabytes: { kind: 'number', default: 400, least: 1 },
  bytes: { kind: 'number', default: 1000, least: 10 },
  rounds: { kind: 'number', default: 3, least: 1 },
})
const topic = 'read'
const records = Math.floor((values.megabytes * 1e6) / values.bytes)
const kinds = ['floor', 'batches', 'records', 'group batches', 'group records'] as const
type Kind = (typeof kinds)[number]

interface Figures {
  readonly megabytesPerSecond: number
  readonly serverCpuPerGigabyte: number
  readonly readerCpuPerGigabyte: number
}

async function fill(cluster: ClusterProcesses): Promise<void> {
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 1 })
  const producer = new Producer({ servers: cluster.servers, batchBytes: 64 * 1024 })
  const value = Buffer.alloc(values.bytes, 'x')
  const atOnce = 20_000
  for (let sent = 0; sent < records; sent += atOnce) {
    const some = Math.min(atOnce, records - sent)
    await producer.sendBatch(
      topic,
      Array.from({ length: some }, () => ({ value, partition: 0 })),
    )
  }
  await producer.close()
}

async function measure(kind: Kind, order: Omit<ReadOrder, 'kind'>, serverPid: number): Promise<Figures> {
  const reader = new Child('read/reader.ts')
  try {
    const before = await processorSeconds(serverPid)
    const { seconds, cpuSeconds } = await reader.ask<ReadReport>({ ...order, kind })
    const used = (await processorSeconds(serverPid)) - before
    const gigabytes = (records * values.bytes) / 1e9
    return {
      megabytesPerSecond: (gigabytes * 1000) / seconds,
      serverCpuPerGigabyte: used / gigabytes,
      readerCpuPerGigabyte: cpuSeconds / gigabytes,
    }
  } finally {
    reader.end()
  }
}

function row(kind: Kind, rounds: readonly Figures[], floors: readonly Figures[]): string {
  const of = (read: (figures: Figures) => number) => median(rounds.map(read))
  const share = median(rounds.map((figures, at) => figures.megabytesPerSecond / floors[at]!.megabytesPerSecond))
  const perSecond = of(({ megabytesPerSecond }) => megabytesPerSecond)
  const cells = [
    kind === 'floor' ? 'floor: bare TCP' : `SDK, by ${kind}`,
    perSecond.toFixed(0),
    kind === 'floor' ? '' : Math.round((perSecond * 1e6) / values.bytes).toLocaleString('en'),
    `${(100 * share).toFixed(0)} %`,
    of(({ serverCpuPerGigabyte }) => serverCpuPerGigabyte).toFixed(1),
    of(({ readerCpuPerGigabyte }) => readerCpuPerGigabyte).toFixed(1),
  ]
  return `| ${cells.join(' | ')} |`
}

const cluster = await ClusterProcesses.start({ brokers: 1 })
const server = new Child('read/file-server.ts')
try {
  await fill(cluster)
  // Until all of it has left the memory of the log's tail for segments.
  await pause(3000)
  const port = await server.ask<number>(join(cluster.dataFolder(1), 'log', 'groups'))
  const order = { port, server: cluster.servers[0]!, topic, records }
  const figures: Record<Kind, Figures[]> = {
    floor: [],
    batches: [],
    records: [],
    'group batches': [],
    'group records': [],
  }
  for (let round = 0; round < values.rounds; round++) {
    for (const kind of kinds) {
      figures[kind].push(await measure(kind, order, kind === 'floor' ? server.pid : cluster.pid(1)))
    }
  }
  const { megabytes, bytes, rounds } = values
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${megabytes} MB of records of ${bytes} B, medians of ${rounds} rounds\n`,
  )
  console.log('| | MB/s | records/s | of the floor | CPU s per GB, server | reader |')
  console.log(`| --- |${' ---: |'.repeat(5)}`)
  for (const kind of kinds) console.log(row(kind, figures[kind], figures.floor))
} finally {
  server.end()
  await cluster.destroy()
}
process.exit(0)
