/** Limits and times of a broker's replicas. Bytes and milliseconds. */
export interface PartitionSettings {
  /** Without a leader for this long, at least, a replica campaigns; each wait is drawn from [1, 2) times this (M7). */
  readonly electionTimeoutMs: number
  /** Time between two heartbeats of a leader; at most half the election timeout (M8). */
  readonly heartbeatMs: number
  readonly maxAppendBytes: number
  readonly maxInflightAppends: number
  readonly maxInflightBytes: number
  /** Bytes of one group that may wait for their commit; more is refused with OVERLOADED. */
  readonly maxUncommittedBytes: number
  readonly maxWaitingReaders: number
  /** Producers remembered for each partition. */
  readonly producerCapacity: number
  /** Committed bytes of a partition between two checkpoints of its derived state: what a restart reads at most. */
  readonly checkpointBytes: number
}

export const defaultPartitionSettings: PartitionSettings = {
  electionTimeoutMs: 600,
  heartbeatMs: 240,
  maxAppendBytes: 1 << 20,
  maxInflightAppends: 64,
  maxInflightBytes: 8 << 20,
  maxUncommittedBytes: 32 << 20,
  maxWaitingReaders: 10_000,
  producerCapacity: 10_000,
  checkpointBytes: 16 << 20,
}
