import type { BrokerId, EntryHeader, HardState, LogIndex, Offset, TermStart } from '@tailrace/schemas'

/** The members of a group. Joint consensus adds the outgoing voters, learners do not vote (M58, M90). */
export interface Configuration {
  readonly voters: readonly BrokerId[]
  /** The old set while a joint change is under way; empty otherwise. */
  readonly outgoing: readonly BrokerId[]
  /** May name outgoing voters: those stay as learners when the change is done. */
  readonly learners: readonly BrokerId[]
  /**
   * Which replica of a broker is meant; missing means 0, a founder. A broker that is removed deletes its replica; added
   * again it comes with a higher number, so that no replica takes the blank replica for the one that has voted and
   * acknowledged (membership.ts).
   */
  readonly admissions?: Readonly<Record<number, number>>
}

/** A configuration and the index of its entry; 0 for the configuration that a replica was created with. */
export interface IndexedConfiguration {
  readonly index: LogIndex
  readonly configuration: Configuration
}

/**
 * The header of a Configuration entry: the core makes it, and the driver fills it in from the batch when it arrives in
 * an Append.
 */
export interface ConfigurationHeader extends EntryHeader {
  readonly configuration: Configuration
}

export interface RaftOptions {
  readonly id: BrokerId
  /** Governs while the log holds none: the founders; no voters at all for a replica that is added later. */
  readonly configuration: Configuration
  /** Under which number this replica was admitted (Configuration.admissions). Default 0: a founder. */
  readonly admission?: number
  /**
   * M82: timeouts are drawn from [electionTicks * factor, electionTicks * factor + electionTicks). At least 1, the
   * default.
   */
  readonly electionFactor?: number
  /** Bytes of the batch of a Configuration entry. Default: controlBytes. */
  readonly configurationBytes?: (configuration: Configuration) => number
  /**
   * Ticks without a leader before a campaign, at least; each arming draws from [electionTicks, 2 * electionTicks) (M7).
   */
  readonly electionTicks: number
  /** Ticks between heartbeats; electionTicks / 10 by default (M8). */
  readonly heartbeatTicks: number
  /** Bytes of entries in one Append at most (one entry may be larger). */
  readonly maxAppendBytes: number
  /** Appends in flight to one follower at most, and their bytes (M91). 1 is the serial mode of M40. */
  readonly maxInflightAppends: number
  readonly maxInflightBytes: number
  /** Bytes of entries whose headers (and, with the driver, whose batches) are kept for followers. */
  readonly maxUncommittedBytes: number
  /** Bytes of a control batch: the size that a TermStart entry is given. */
  readonly controlBytes: number
  /**
   * Tell followers of a new commit at once when nothing else is in flight to them. For groups whose followers act on
   * commits.
   */
  readonly announceCommit: boolean
  /**
   * M31: a rejection names the last entry whose term could still match, so that the place of agreement is found in as
   * many steps as terms differ. Default true. False is the baseline of the literature, one step back at a time: for
   * tests that compare them.
   */
  readonly termHint?: boolean
  /** Ticks without anything open after which a leader puts its group to sleep (M86). Absent: never. */
  readonly sleepAfterTicks?: number
  /** A uniform integer in [0, bound). */
  readonly random: (bound: number) => number
}

/** The state found on disk when the broker started; all zero and empty for a new group. */
export interface RaftStart {
  readonly hardState: HardState
  /** Index before the first entry held, and its term: (0, 0) unless the prefix was compacted. */
  readonly prevIndex: LogIndex
  readonly prevTerm: number
  readonly lastIndex: LogIndex
  /** The offset that the next Records entry will take. */
  readonly nextOffset: Offset
  /** Ascending; covers every entry from prevIndex + 1 on. */
  readonly terms: readonly TermStart[]
  /**
   * Ascending by index: the configurations in the log, preceded by the one that governed at prevIndex. The last one
   * governs (M73).
   */
  readonly configurations: readonly IndexedConfiguration[]
  /** A safe lower bound of the commit index (M36), or 0. */
  readonly commitHint: LogIndex
}
