/** Limits and times of a broker's replicas. Bytes and milliseconds. */
export interface PartitionSettings {
  /** Without a leader for this long, at least, a replica campaigns; each wait is drawn from [1, 2) times this (M7). */
  readonly electionTimeoutMs: number
  /** Time between two heartbeats of a leader; at most half the election timeout (M8). */
  readonly heartbeatMs: number
  /** Time without anything open after which a group falls asleep (M86). */
  readonly sleepAfterMs: number
  readonly maxAppendBytes: number
  readonly maxInflightAppends: number
  readonly maxInflightBytes: number
  /** Bytes of one group that may wait for their commit; more is refused with OVERLOADED. */
  readonly maxUncommittedBytes: number
  readonly maxWaitingReaders: number
  /** Producers remembered for each partition. */
  readonly producerCapacity: number
  /** A producer is remembered at least that long after its last batch. */
  readonly producerExpirationMs: number
  /** Committed bytes of a partition between two checkpoints of its derived state: the most that a restart reads. */
  readonly checkpointBytes: number
  /** Bytes of one piece of a copied replica: the part of it that is in memory at one time. */
  readonly copyChunkBytes: number
  /** Bytes a second at which this broker copies replicas from others, all together; 0: as fast as it goes. */
  readonly replicationBytesPerSecond: number
  /**
   * Replicas that are copied from others at one time; the next ones wait. Those with a state machine do not: there are
   * few of them, and all else waits for the metadata.
   */
  readonly maxInstallations: number
  /**
   * A copy without a reader is kept open this long: while it is, its files take space although the log has deleted
   * them.
   */
  readonly copyIdleMs: number
  /**
   * Snapshots of groups with a state machine: after so many committed bytes, or after this time, but never in a shorter
   * time than the gap (M43).
   */
  readonly snapshotBytes: number
  readonly snapshotMs: number
  readonly snapshotGapMs: number
  /** Time between two looks for segments that retention may delete. */
  readonly retentionCheckMs: number
  /** Bytes of segments that are verified every `scrubMs`; 0: none. */
  readonly scrubBytes: number
  readonly scrubMs: number
}

export const defaultPartitionSettings: PartitionSettings = {
  electionTimeoutMs: 600,
  heartbeatMs: 240,
  sleepAfterMs: 1_000,
  maxAppendBytes: 1 << 20,
  maxInflightAppends: 64,
  maxInflightBytes: 8 << 20,
  maxUncommittedBytes: 32 << 20,
  maxWaitingReaders: 10_000,
  producerCapacity: 10_000,
  producerExpirationMs: 86_400_000,
  checkpointBytes: 16 << 20,
  copyChunkBytes: 256 << 10,
  replicationBytesPerSecond: 0,
  maxInstallations: 4,
  copyIdleMs: 60_000,
  snapshotBytes: 16 << 20,
  snapshotMs: 3_600_000,
  snapshotGapMs: 10_000,
  retentionCheckMs: 5_000,
  scrubBytes: 4 << 20,
  scrubMs: 10_000,
}
