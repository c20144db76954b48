import {
  type ClientOptions,
  clientOptionNames,
  codecs,
  type OpenTelemetryApi,
  refuseUnknown,
  wholeNumber,
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

const names = [
  'batchBytes',
  'lingerMs',
  'compression',
  'maxBufferedBytes',
  'maxWaitingSends',
  'maxInFlight',
  'maxBatchBytes',
  'requestTimeoutMs',
  'deliveryTimeoutMs',
  'partitioner',
  'openTelemetry',
  'signal',
]
const MEBIBYTE = 1024 * 1024
const DAY_MS = 86_400_000
/**
 * Brokers remember a producer's last five batches of a partition; an older one could not be told from a new one (Kafka:
 * KIP-98).
 */
const MAX_IN_FLIGHT = 5

/** @throws TailraceError INVALID_SETTING, UNSUPPORTED_COMPRESSION */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  refuseUnknown(options, [...clientOptionNames, ...names])
  const maxBatchBytes = wholeNumber('maxBatchBytes', options.maxBatchBytes, {
    default: 1_048_588,
    min: 100,
    max: 64 * MEBIBYTE,
  })
  const batchBytes = { default: Math.min(262_144, maxBatchBytes), min: 1, max: maxBatchBytes }
  return {
    batchBytes: wholeNumber('batchBytes', options.batchBytes, batchBytes),
    lingersAlone: options.lingerMs !== undefined,
    lingerMs: wholeNumber('lingerMs', options.lingerMs, { default: 5, min: 0, max: 60_000 }),
    compression: compressionOf(options.compression ?? 'none'),
    maxBufferedBytes: wholeNumber('maxBufferedBytes', options.maxBufferedBytes, {
      default: 32 * MEBIBYTE,
      min: 1,
      max: 2 ** 40,
    }),
    maxWaitingSends: wholeNumber('maxWaitingSends', options.maxWaitingSends, {
      default: 262_144,
      min: 1,
      max: 2 ** 31,
    }),
    maxInFlight: wholeNumber('maxInFlight', options.maxInFlight, {
      default: MAX_IN_FLIGHT,
      min: 1,
      max: MAX_IN_FLIGHT,
    }),
    maxBatchBytes,
    requestTimeoutMs: wholeNumber('requestTimeoutMs', options.requestTimeoutMs, {
      default: 10_000,
      min: 1,
      max: DAY_MS,
    }),
    deliveryTimeoutMs: wholeNumber('deliveryTimeoutMs', options.deliveryTimeoutMs, {
      default: 120_000,
      min: 1,
      max: DAY_MS,
    }),
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
