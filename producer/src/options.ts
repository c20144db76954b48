import {
  type Bounds,
  type ClientOptions,
  clientOptionNames,
  codecs,
  type OpenTelemetryApi,
  refuseUnknown,
  wholeNumbers,
} from '@tailrace/client'
import { Compression, type CompressionName, TailraceError } from '@tailrace/schemas'
import type { ProducerRecord } from './record.ts'

/**
 * Picks a partition, 0 to partitions - 1, for a record that names none; undefined: that which it has without a
 * partitioner. `record`: with key and value as they are sent.
 */
export type Partitioner = (record: ProducerRecord, partitions: number, topic: string) => number | undefined

export interface ProducerOptions extends ClientOptions {
  /** A batch leaves when it has this many bytes, whatever the linger. Default 262,144. */
  readonly batchBytes?: number
  /**
   * How long a record waits for others to share its batch. 0: until the end of the present tick. Default: 5 while other
   * records are under way, else 0.
   */
  readonly lingerMs?: number
  /** 'none', 'gzip', or (in Node) 'zstd'. Default 'none'. */
  readonly compression?: CompressionName
  /** `send` waits when this many bytes of records are not acknowledged. Default 32 MiB. */
  readonly maxBufferedBytes?: number
  /**
   * Calls of `send` that may wait at once, for that or for their topic to be looked up; more are refused with
   * OVERLOADED. Default 262,144.
   */
  readonly maxWaitingSends?: number
  /** Batches of a partition that may be under way at once, 1 to 5. Default 5. */
  readonly maxInFlight?: number
  /**
   * The largest batch that brokers accept; a single record beyond it is refused at once. Default 1,048,588, as brokers
   * have it.
   */
  readonly maxBatchBytes?: number
  /** How long a broker may take over a batch before the batch is sent again. Default 10,000. */
  readonly requestTimeoutMs?: number
  /** How long a record is tried before its promise is rejected. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Default: as Kafka, by the key; records without one fill one partition's batch after the other's. */
  readonly partitioner?: Partitioner
  /**
   * The package `@opentelemetry/api`: each call of `send` and `sendBatch` is a span, and its records carry the trace to
   * brokers and readers in the headers `traceparent` and `tracestate`. Default: none.
   */
  readonly openTelemetry?: OpenTelemetryApi
  /** Aborting it ends the producer at once: records that are not acknowledged fail with ABORTED. */
  readonly signal?: AbortSignal
}

export interface ProducerSettings {
  readonly batchBytes: number
  readonly lingerMs: number
  /** Also while nothing is under way. */
  readonly lingersAlone: boolean
  readonly compression: CompressionName
  readonly maxBufferedBytes: number
  readonly maxWaitingSends: number
  readonly maxInFlight: number
  readonly maxBatchBytes: number
  readonly requestTimeoutMs: number
  readonly deliveryTimeoutMs: number
  readonly partitioner: Partitioner | undefined
}

const MEBIBYTE = 1024 * 1024
const DAY_MS = 86_400_000
/**
 * Brokers remember a producer's last five batches of a partition; an older one could not be told from a new one (Kafka:
 * KIP-98).
 */
const MAX_IN_FLIGHT = 5

const bounds = {
  maxBatchBytes: [1_048_588, 100, 64 * MEBIBYTE],
  lingerMs: [5, 0, 60_000],
  maxBufferedBytes: [32 * MEBIBYTE, 1, 2 ** 40],
  maxWaitingSends: [262_144, 1, 2 ** 31],
  maxInFlight: [MAX_IN_FLIGHT, 1, MAX_IN_FLIGHT],
  requestTimeoutMs: [10_000, 1, DAY_MS],
  deliveryTimeoutMs: [120_000, 1, DAY_MS],
} satisfies Record<string, Bounds>
const otherNames = ['batchBytes', 'compression', 'partitioner', 'openTelemetry', 'signal']

/** @throws TailraceError INVALID_SETTING, UNSUPPORTED_COMPRESSION */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  refuseUnknown(options, [...clientOptionNames, ...Object.keys(bounds), ...otherNames])
  const numbers = wholeNumbers(options, bounds)
  const most = numbers.maxBatchBytes
  return {
    ...numbers,
    ...wholeNumbers(options, { batchBytes: [Math.min(262_144, most), 1, most] }),
    lingersAlone: options.lingerMs !== undefined,
    compression: compressionOf(options.compression ?? 'none'),
    partitioner: partitionerOf(options.partitioner),
  }
}

function partitionerOf(given: Partitioner | undefined): Partitioner | undefined {
  if (given === undefined || typeof given === 'function') return given
  throw new TailraceError('INVALID_SETTING', 'partitioner is not a function.')
}

function compressionOf(compression: CompressionName): CompressionName {
  if (compression === 'none') return compression
  if (codecs.writes.includes(compression)) {
    // What goes wrong is no reason to stop: batches leave without it, and a reader is told.
    codecs.load(Compression[compression])?.catch(() => {})
    return compression
  }
  const available = ['none', ...codecs.writes].join(', ')
  throw new TailraceError(
    'UNSUPPORTED_COMPRESSION',
    `compression: "${compression}" cannot be written here; there are ${available}.`,
  )
}
