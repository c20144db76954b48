import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Credentials, TlsOptions } from '@tailrace/client'
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { ClusterProcesses } from '../e2e/cluster-processes.ts'
import { BrokerMeter } from './broker-meter.ts'
import type { ProducerOrder, ProducerReport } from './producer-process.ts'

export interface PublishRun {
  readonly partitions: number
  /** Default: 3. */
  readonly replicas?: number
  readonly producers: number
  readonly recordBytes: number
  readonly rate: number | null
  readonly seconds: number
  readonly warmSeconds: number
  readonly batchBytes: number
  readonly lingerMs: number
  readonly outstanding: number
  /** Undefined: the producers are plain. */
  readonly tls?: TlsOptions | undefined
  /** Undefined: the producers show none. */
  readonly credentials?: Credentials | undefined
  /** Default: a fresh one. */
  readonly topic?: string
  /** The topic is there already. */
  readonly exists?: boolean
  /** The topic stays. */
  readonly keeps?: boolean
}

export interface PublishResult {
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
  /** Milliseconds from the moment a record was due to its acknowledgement. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly failures: number
  readonly cpuSecondsPerMillionRecords: number
  readonly brokerCpuSeconds: number
  readonly producerCpuSeconds: number
  readonly syncsPerSecond: number
  readonly peakBrokerBytes: number
}

let topicNumber = 0

/**
 * Publishes to a fresh topic, with replication 3 if the run does not say otherwise, from producer processes, and
 * measures producers and brokers meanwhile.
 */
export async function runPublish(cluster: ClusterProcesses, run: PublishRun): Promise<PublishResult> {
  topicNumber += 1
  const topic = run.topic ?? `bench-${topicNumber}`
  if (run.exists !== true) {
    await cluster.request(1, 'POST', '/topics', {
      name: topic,
      partitions: run.partitions,
      replicas: run.replicas ?? 3,
    })
  }
  const meter = new BrokerMeter(cluster)
  const servers = cluster.ids.map((id) => `${run.tls === undefined ? 'ws' : 'wss'}://${cluster.http(id)}`)
  const order = { ...run, servers, topic, rate: run.rate === null ? null : run.rate / run.producers }
  let measuring = 0
  let use: ReturnType<BrokerMeter['stop']> | undefined
  const reports = await Promise.all(
    Array.from({ length: run.producers }, () =>
      runProducer(order, (step) => {
        if (step === 'measuring' && measuring++ === 0) void meter.start()
        if (step === 'measured') use ??= meter.stop()
      }),
    ),
  )
  const brokers = await use!
  if (run.keeps !== true) await cluster.request(1, 'DELETE', `/topics/${topic}`)
  return summarise(run, reports, brokers)
}

function summarise(
  run: PublishRun,
  reports: readonly ProducerReport[],
  brokers: Awaited<ReturnType<BrokerMeter['stop']>>,
): PublishResult {
  const records = reports.reduce((sum, report) => sum + report.records, 0)
  const seconds = Math.max(...reports.map((report) => report.seconds))
  const producerCpuSeconds = reports.reduce((sum, report) => sum + report.cpuSeconds, 0)
  const [latencies, ...others] = reports.map((report) => decodeFromCompressedBase64(report.latencies) as Histogram)
  for (const other of others) latencies!.add(other)
  const ms = (percentile: number): number => latencies!.getValueAtPercentile(percentile) / 1000
  return {
    recordsPerSecond: records / seconds,
    megabytesPerSecond: (records * run.recordBytes) / seconds / 1e6,
    p50: ms(50),
    p99: ms(99),
    p999: ms(99.9),
    failures: reports.reduce((sum, report) => sum + report.failures, 0),
    cpuSecondsPerMillionRecords: (brokers.cpuSeconds + producerCpuSeconds) / (records / 1e6),
    brokerCpuSeconds: brokers.cpuSeconds,
    producerCpuSeconds,
    syncsPerSecond: brokers.syncs / seconds,
    peakBrokerBytes: brokers.peakBytes,
  }
}

function runProducer(order: ProducerOrder, onStep: (step: string) => void): Promise<ProducerReport> {
  const child = fork(join(import.meta.dirname, 'producer-process.ts'))
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (typeof message === 'string') onStep(message)
      else {
        resolve(message as ProducerReport)
        child.disconnect()
      }
    })
    child.on('exit', (code) => reject(new Error(`a producer ended with ${code}`)))
    child.send(order)
  })
}
