import { cpus } from 'node:os'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { median } from '../median.ts'
import { type PublishResult, runPublish } from '../publish-run.ts'

const usage = `npm run bench:cores -- [--rounds 3] [--seconds 6] [--producers 4]
What a second event loop with a journal of its own gives on one machine: the same 16 partitions without replicas, at one broker and spread over
two, published to flat out. Nothing is replicated, so that the brokers are all that differs. Medians of the rounds, in turns. The same for
delivering: npm run bench:fan-out -- --cascades 1, and 2.`

const { values } = toolArguments(usage, {
  rounds: { kind: 'whole number', default: 3, least: 1 },
  seconds: { kind: 'number', default: 6, least: 1 },
  producers: { kind: 'whole number', default: 4, least: 1 },
})
const PARTITIONS = 16
const BATCH_BYTES = 512 * 1024
const OUTSTANDING_BYTES = 24 * 1024 * 1024

async function publishTo(brokers: number, recordBytes: number): Promise<PublishResult> {
  const cluster = await ClusterProcesses.start({ brokers })
  try {
    const { producers, seconds } = values
    return await runPublish(cluster, {
      partitions: PARTITIONS,
      replicas: 1,
      producers,
      recordBytes,
      rate: null,
      seconds,
      warmSeconds: 2,
      batchBytes: BATCH_BYTES,
      lingerMs: 1,
      outstanding: Math.ceil(OUTSTANDING_BYTES / (recordBytes + 64) / producers),
    })
  } finally {
    await cluster.destroy()
  }
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; medians of ${values.rounds} rounds\n`)
console.log(
  '| records | brokers | records/s | p50 ms | broker CPU s per million | producer CPU s per million | fsyncs/s |',
)
console.log(`| --- |${' ---: |'.repeat(6)}`)
for (const recordBytes of [100, 1000]) {
  const results = new Map<number, PublishResult[]>([1, 2].map((brokers) => [brokers, []]))
  for (let round = 0; round < values.rounds; round += 1) {
    for (const [brokers, all] of results) all.push(await publishTo(brokers, recordBytes))
  }
  for (const [brokers, all] of results) {
    const of = (read: (result: PublishResult) => number): number => median(all.map(read))
    const perMillion = (seconds: (result: PublishResult) => number): string =>
      of((result) => seconds(result) / ((result.recordsPerSecond * values.seconds) / 1e6)).toFixed(2)
    const cells = [
      `${recordBytes} B`,
      String(brokers),
      Math.round(of(({ recordsPerSecond }) => recordsPerSecond)).toLocaleString('en'),
      of(({ p50 }) => p50).toFixed(1),
      perMillion(({ brokerCpuSeconds }) => brokerCpuSeconds),
      perMillion(({ producerCpuSeconds }) => producerCpuSeconds),
      of(({ syncsPerSecond }) => syncsPerSecond).toFixed(0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}
process.exit(0)
