import { isErrorCode } from '@tailrace/schemas'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { FetchResult } from '../../partition/requests.ts'
import { type BatchCounts, countBatches } from './batch-counts.ts'

export type Transport = 'http' | 'http_events' | 'websocket_json' | 'websocket_binary'

export const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export interface PublishedCounts {
  readonly bytes: number
  /** Below 0 in an answer of another broker that is not to be believed: counted as none. */
  readonly records: number
  readonly batches: number
}

/** The counters of the gateway for one door. */
export interface TransportMetrics {
  published(published: PublishedCounts, seconds: number): void
  /** `counts`: of these batches, where they are known. */
  fetched(result: Pick<FetchResult, 'batches' | 'bytes'>, counts?: BatchCounts): void
  /** So many of the bytes that were fetched went to a cascade broker. */
  toCascade(bytes: number): void
  /** So many subscriptions have begun, or ended where below 0. */
  subscribed(change: number): void
  failed(code: string): void
}

/** Counted in plain numbers, which are read when the metrics are asked for: a counter of the library costs more. */
interface Traffic {
  requests: number
  inBytes: number
  inRecords: number
  inBatches: number
  outBytes: number
  outRecords: number
  outBatches: number
  cascadeBytes: number
}

/** Bytes of batches that clients and cascade brokers have got. */
export interface SentBytes {
  readonly all: number
  readonly toCascades: number
}

const counted: readonly (readonly [name: string, help: string, figure: keyof Traffic])[] = [
  ['tailrace_publish_requests_total', 'Acknowledged publish requests.', 'requests'],
  ['tailrace_publish_bytes_total', 'Bytes of acknowledged publish requests.', 'inBytes'],
  ['tailrace_publish_records_total', 'Records of acknowledged publish requests.', 'inRecords'],
  ['tailrace_publish_batches_total', 'Batches of acknowledged publish requests.', 'inBatches'],
  ['tailrace_fetch_bytes_total', 'Bytes of batches read by or pushed to clients.', 'outBytes'],
  ['tailrace_fetch_records_total', 'Records of batches read by or pushed to clients, whole batches.', 'outRecords'],
  ['tailrace_fetch_batches_total', 'Batches read by or pushed to clients.', 'outBatches'],
  [
    'tailrace_cascade_sent_bytes_total',
    'Bytes of batches pushed to cascade brokers, a part of tailrace_fetch_bytes_total.',
    'cascadeBytes',
  ],
]

const labelNames = ['transport'] as const

function noTraffic(): Traffic {
  const incoming = { requests: 0, inBytes: 0, inRecords: 0, inBatches: 0 }
  return { ...incoming, outBytes: 0, outRecords: 0, outBatches: 0, cascadeBytes: 0 }
}

function instruments(registers: Registry[]) {
  const latency = new Histogram({
    name: 'tailrace_publish_duration_seconds',
    help: 'From the arrival of a publish request to its acknowledgement by a quorum.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  })
  const subscriptions = new Gauge({
    name: 'tailrace_websocket_subscriptions',
    help: 'Subscriptions on all WebSocket connections.',
    labelNames,
    registers,
  })
  const streams = new Gauge({
    name: 'tailrace_event_streams',
    help: 'Open streams of server-sent events.',
    registers,
  })
  const errors = new Counter({
    name: 'tailrace_errors_total',
    help: 'Errors answered to clients, by code.',
    labelNames: ['transport', 'code'],
    registers,
  })
  return { latency, subscriptions, streams, errors }
}

/** `sent`: over all transports. */
export function transportMetrics(registers: Registry[]): {
  readonly transports: Record<Transport, TransportMetrics>
  readonly sent: () => SentBytes
} {
  const traffic = new Map<Transport, Traffic>()
  const { latency, subscriptions, streams, errors } = instruments(registers)
  for (const [name, help, figure] of counted) {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const [transport, counts] of traffic) this.labels(transport).inc(counts[figure])
      },
    })
  }
  const bind = (transport: Transport): TransportMetrics => {
    const counts = noTraffic()
    traffic.set(transport, counts)
    const boundLatency = latency.labels(transport)
    return {
      published({ bytes, records, batches }, seconds) {
        counts.requests += 1
        counts.inBytes += bytes
        counts.inRecords += Math.max(0, records)
        counts.inBatches += batches
        boundLatency.observe(seconds)
      },
      fetched({ batches, bytes }, whole = countBatches(batches)) {
        counts.outBytes += bytes
        counts.outRecords += whole.records
        counts.outBatches += whole.batches
      },
      toCascade: (bytes) => {
        counts.cascadeBytes += bytes
      },
      subscribed: (change) => subscriptions.inc({ transport }, change),
      failed: (code) => errors.inc({ transport, code: isErrorCode(code) ? code : 'INTERNAL' }),
    }
  }
  for (const transport of ['websocket_json', 'websocket_binary']) subscriptions.set({ transport }, 0)
  return {
    transports: {
      http: bind('http'),
      http_events: { ...bind('http_events'), subscribed: (change) => streams.inc(change) },
      websocket_json: bind('websocket_json'),
      websocket_binary: bind('websocket_binary'),
    },
    sent: () => sentOf([...traffic.values()]),
  }
}

function sentOf(all: readonly Traffic[]): SentBytes {
  const sum = (figure: 'outBytes' | 'cascadeBytes') => all.reduce((bytes, counts) => bytes + counts[figure], 0)
  return { all: sum('outBytes'), toCascades: sum('cascadeBytes') }
}
