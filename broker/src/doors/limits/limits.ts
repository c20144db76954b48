import type { AccessLimits } from './access.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Every bound of the HTTP and WebSocket gateway. Sizes are bytes, durations milliseconds. */
export interface GatewayLimits extends AccessLimits {
  /** Batches that the gateway itself builds, for topics that set no limit of their own. */
  readonly maxBatchBytes: number
  /** Of the segments of topics that set no size of their own; shown. */
  readonly segmentBytes: number
  /** See AutoCreation; 0 replicas: three, or as many as there are brokers. */
  readonly autoCreateTopics: boolean
  readonly autoCreatePartitions: number
  readonly autoCreateReplicas: number
  /** How long a publish or an administrative request may take. */
  readonly requestTimeoutMs: number
  /** TCP connections, WebSockets included; beyond them a connection is dropped at once. */
  readonly maxConnections: number
  /**
   * Bytes that all reads under way may bring into memory at once; beyond it each brings 64 KiB, or one batch. Waiting
   * readers do not count.
   */
  readonly maxReadBytes: number

  readonly maxBodyBytes: number
  /** HTTP requests at work at once: received whole and not answered. Health and metrics are always answered. */
  readonly maxRequests: number
  /** HTTP reads that wait for records at once; beyond it the oldest are answered early. */
  readonly maxWaitingReads: number
  /**
   * Bytes of unfinished messages of clients and of bodies at work, over HTTP and WebSocket. Half of it for one client
   * address.
   */
  readonly maxReceiveBytes: number
  /** Answers made and not yet sent, over all HTTP requests. Half of it for one client address. */
  readonly maxAnswerBytes: number
  /**
   * A message that is not whole for this long, or an answer that is not read for three times as long, is cut off where
   * others need the room.
   */
  readonly stallGraceMs: number
  /**
   * Time from the connection to the last header, and from there to the last byte of a body; of a WebSocket message, and
   * of a line of records: the bound for a client that sends very slowly.
   */
  readonly headersTimeoutMs: number
  readonly receiveTimeoutMs: number

  readonly maxWebSockets: number
  readonly maxFrameBytes: number
  /** On one WebSocket. */
  readonly maxSubscriptions: number
  /** On one WebSocket: partitions over all its subscriptions. */
  readonly maxSubscribedPartitions: number
  /** On one WebSocket: published and not yet acknowledged; beyond it the broker stops reading from the connection. */
  readonly maxUnackedBytes: number
  /** On one WebSocket: requests other than publishes that wait for an answer; the same consequence. */
  readonly maxPendingRequests: number
  /** On one WebSocket: its share of `maxReadBytes`. */
  readonly maxConnectionReadBytes: number
  /** On one WebSocket: subscriptions stop while more than this waits to be sent. */
  readonly pauseBufferedBytes: number
  /**
   * On one WebSocket: above this, fetches are refused with OVERLOADED, nothing is read from the client, and
   * `slowReaderMs` counts.
   */
  readonly maxBufferedBytes: number
  /** Without a byte taken by the client that has something to read. */
  readonly slowReaderMs: number
  readonly keepAliveMs: number
  /** Producer ids that one client address may take at once, and the time after which it may take one more. */
  readonly producersAtOnce: number
  readonly producerEveryMs: number

  /** That each cascade broker may copy; 0: no limit. */
  readonly cascadeBytesPerSecond: number

  /** Origins (`https://console.example.org`) whose pages may write. Pages of any origin may read. */
  readonly writeOrigins: readonly string[]
}

export const defaultLimits: GatewayLimits = {
  maxBatchBytes: MiB,
  segmentBytes: 128 * MiB,
  autoCreateTopics: false,
  autoCreatePartitions: 1,
  autoCreateReplicas: 0,
  requestTimeoutMs: 30_000,
  maxConnections: 10_000,
  maxReadBytes: 128 * MiB,
  maxBodyBytes: 8 * MiB,
  maxRequests: 1_000,
  maxWaitingReads: 5_000,
  maxReceiveBytes: 128 * MiB,
  maxAnswerBytes: 128 * MiB,
  stallGraceMs: 2_000,
  headersTimeoutMs: 10_000,
  receiveTimeoutMs: 30_000,
  maxWebSockets: 5_000,
  maxFrameBytes: 8 * MiB,
  maxSubscriptions: 256,
  maxSubscribedPartitions: 10_000,
  maxUnackedBytes: 16 * MiB,
  maxPendingRequests: 256,
  maxConnectionReadBytes: 16 * MiB,
  pauseBufferedBytes: MiB,
  maxBufferedBytes: 8 * MiB,
  slowReaderMs: 30_000,
  keepAliveMs: 30_000,
  hosts: [],
  readOrigins: [],
  producersAtOnce: 1_000,
  producerEveryMs: 2_000,
  cascadeBytesPerSecond: 0,
  writeOrigins: [],
}

/**
 * Limits of the wishes of one read. `jsonBytes`: keys and values after which an answer in JSON ends, behind the batch
 * that it is in.
 */
export const readLimits = { defaultBytes: MiB, maxBytes: 16 * MiB, jsonBytes: 4 * MiB, maxWaitMs: 60_000 } as const

/**
 * The bytes that one read may bring. Where another broker leads, they come in one frame from there: a larger one would
 * cost the link between the two. No topic may have batches above half a frame either.
 */
export function mostReadBytes(limits: GatewayLimits): number {
  return Math.min(readLimits.maxBytes, Math.floor(limits.maxFrameBytes / 2))
}
