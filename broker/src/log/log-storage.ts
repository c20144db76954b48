import type { EntryHeader, GroupId, HardState, LogIndex, Offset, Term, TermStart, Timestamp } from '@tailrace/schemas'

/** One group's changes that become durable together, in this order: term and vote, truncation, entries. */
export interface LogWrite {
  readonly hardState: HardState | null
  /**
   * Discard this index and all after it first. An entry that memory no longer holds can be discarded only together with
   * entries that take its place (as Raft does it), since they tell its offset; else `write` throws RangeError.
   */
  readonly truncateFrom: LogIndex | null
  /** A dense run that follows the log's end (after the truncation). */
  readonly entries: readonly EntryHeader[]
  /** The entries' batches, one each. They belong to the log from now on and must not change. */
  readonly payloads: readonly Uint8Array[]
  /** Returned through the durability listener. Rises with every write of a group. */
  readonly ticket: number
}

/** A run of consecutive entries with their batches. Empty when there is nothing at `from`. */
export interface EntryRun {
  readonly headers: readonly EntryHeader[]
  readonly payloads: readonly Uint8Array[]
}

/** Whole batches of records (control entries left out), in offset order. */
export interface RecordRun {
  readonly batches: readonly Uint8Array[]
  readonly bytes: number
  /**
   * The offset to read next: past the last batch, also past control entries. Equals the asked offset when nothing was
   * there.
   */
  readonly nextOffset: Offset
}

/** A configuration entry of the log: the bytes of its batch. */
export interface StoredConfiguration {
  readonly index: LogIndex
  readonly batch: Uint8Array
}

/** One segment of a log, as retention sees it. */
export interface SegmentStart {
  readonly first: LogIndex
  readonly last: LogIndex
  readonly baseOffset: Offset
  /** After the last record. */
  readonly endOffset: Offset
  readonly bytes: number
  /**
   * When the last of its entries was appended to this log, or to the one of which this is a copy, by the broker's
   * clock.
   */
  readonly appendedAt: Timestamp
  /** Nothing will be added to it. */
  readonly sealed: boolean
}

/** The description of a log without its batches: with the segments it is enough to make an empty replica's log. */
export interface LogDescription {
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly startOffset: Offset
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  readonly endOffset: Offset
  /** Covers every entry from prevIndex + 1 on. */
  readonly terms: readonly TermStart[]
  /** As `GroupLog.configurations`. */
  readonly configurations: readonly StoredConfiguration[]
}

/** One file of a copy: a segment, by its name and the bytes of it that belong to the copy. */
export interface LogFile {
  readonly name: string
  readonly bytes: number
  /** As `SegmentStart.appendedAt`; missing from a broker that does not know it. */
  readonly appendedAt?: Timestamp
}

/**
 * The content of a log's segments at one moment: durable, whole entries only. Later appends, truncations and prefix
 * cuts do not change it (copy on write, M44): files that it needs stay until it is closed.
 */
export interface LogCopy {
  readonly description: LogDescription
  /** In log order. None when no entry is copied: then description.lastIndex = prevIndex. */
  readonly files: readonly LogFile[]
  /**
   * Up to `maxBytes` at `position` of a file, empty at its end. Nothing is checked: the receiver does that
   * (`LogInstall.finish`).
   * @throws TailraceError UNKNOWN_PARTITION when the group has been removed or its log replaced; CLOSED; RangeError for
   * another name
   */
  read(name: string, position: number, maxBytes: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** A log that is being received, beside the group's present one, which continues to serve until `finish`. */
export interface LogInstall {
  readonly description: LogDescription
  readonly files: readonly LogFile[]
  /** Bytes of a file that are here already, also from an earlier attempt: continue there. */
  have(name: string): number
  /**
   * Adds to a file, at `have(name)`.
   * @throws RangeError for another name or position; DiskError; TailraceError CLOSED
   */
  write(name: string, position: number, bytes: Uint8Array): Promise<void>
  /**
   * Verifies every batch and the chain of offsets, terms and configurations, makes all durable, and puts the received
   * log in the place of the group's: a crash leaves either the old log or the new one (M49). Term and vote are those of
   * the old log; damage stays until `repaired`. Writes to the old log that were not told durable are given up, and the
   * old object answers nothing any more. A term or vote that is still written to it counts, and is durable with
   * `finish`.
   * @throws TailraceError STORAGE_CORRUPT when bytes are not as described: `have` of that file has gone back to the
   * sound part
   */
  finish(): Promise<GroupLog>
  /** Gives up and removes the received part. */
  abort(): Promise<void>
}

/** Entries that a read or a scrub has found not to be as they were written, both included. */
export interface CorruptRange {
  readonly from: LogIndex
  readonly to: LogIndex
}

export interface ScrubStep {
  /** Verified in this step. */
  readonly bytes: number
  /** No entry follows: all sealed segments have been looked at. */
  readonly ended: boolean
}

/** The log of one group: Raft appends to it and all readers read it. */
export interface GroupLog {
  readonly group: GroupId
  readonly firstIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly startOffset: Offset
  /** The offset after the last record, committed or not. */
  readonly endOffset: Offset
  readonly hardState: HardState
  /** Terms of the entries held, ascending; the first one begins at the first entry held. */
  readonly terms: readonly TermStart[]
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  /**
   * Ascending: the one in force at `prevIndex`, if there is one, and every later one. A truncation takes back those
   * that it discards. Known from the start, without reading segments (M73).
   */
  readonly configurations: readonly StoredConfiguration[]
  /** Bytes on disk and in memory, for status and metrics. */
  readonly sizeBytes: number
  /** Set when entries that may have been acknowledged cannot be read any more (docs/decisions/torn-or-rotten.md). */
  readonly damage: Damage | null

  /**
   * Its entries are few and help to free a full disk (metadata): they are written even where records have to wait for
   * room.
   */
  essential: boolean

  /** Joins the next round. Readers see the entries as soon as it returns; durability comes with the listener. */
  write(write: LogWrite): void
  /**
   * Entries from `from` on, at least one, at most `maxBytes` unless the first is larger. Synchronous when all is in
   * memory.
   */
  readEntries(from: LogIndex, maxBytes: number): EntryRun | Promise<EntryRun>
  /**
   * Batches from the one that holds `offset` (or the next after it) to the last that ends below `limit`; at least one
   * if there is any, else at most `maxBytes`. Throws TailraceError STORAGE_CORRUPT when the checksum of the first one
   * is wrong; a later one ends the run.
   */
  readRecords(offset: Offset, limit: Offset, maxBytes: number): RecordRun | Promise<RecordRun>
  /**
   * The base offset of the first batch that ends at `from` (default: 0) or after it and has maxTimestamp >= timestamp,
   * below `limit`; or null.
   */
  offsetForTime(timestamp: Timestamp, limit: Offset, from?: Offset): Promise<Offset | null>
  /** The segments that hold entries now, in log order. Entries that wait in memory for their segment are in none. */
  segmentStarts(): readonly SegmentStart[]
  /**
   * Writes the durable entries to the segments and closes the growing one, so that it can be cut off. The next write
   * begins another.
   */
  seal(): Promise<void>
  /**
   * Deletes whole sealed segments whose entries are all below `before`; the caller has made sure that those are
   * committed and durable. `prevIndex`, `prevTerm` and `startOffset` move before this returns; it resolves when a
   * restart cannot bring them back. Files are removed afterwards, those of a `LogCopy` when it is closed.
   */
  cutPrefix(before: LogIndex): Promise<void>
  /**
   * A copy of the segments' present entries up to `upTo` (the committed ones, for example); `lastIndex` may be lower,
   * since memory is left out. The caller closes it.
   */
  copy(upTo?: LogIndex): LogCopy
  /**
   * The rotten entries that reads and scrubs have found since the start and that were not replaced: ascending, each
   * within one segment. Reads of them throw STORAGE_CORRUPT.
   */
  corruptRanges(): readonly CorruptRange[]
  /**
   * Verifies the next entries of sealed segments, about `maxBytes`; the one after the last begins again at the log's
   * start.
   */
  scrub(maxBytes: number): Promise<ScrubStep>
  /**
   * Puts the batches that a peer has for the entries first..last in the place of rotten ones: `first` begins a range of
   * `corruptRanges`, `last` lies in it. The segment is written anew and swapped in; the rotten file stays beside it as
   * `.corrupt`.
   * @throws RangeError for other entries; TailraceError STORAGE_CORRUPT when the batches are not those entries
   */
  replaceCorrupt(first: LogIndex, last: LogIndex, payloads: readonly Uint8Array[]): Promise<void>
  /**
   * Splits a closed segment before entry `first`, in the midst of it, so that `cutPrefix` can cut off the entries
   * before: those are rotten, and no other replica has them any more. `payloads`: that entry and those that follow it,
   * as a peer has them. The place of the entry after them must be known, as it is after a range of `corruptRanges`.
   * @throws RangeError for an entry in no such segment; TailraceError STORAGE_CORRUPT when the batches are not those
   * entries
   */
  splitBefore(first: LogIndex, payloads: readonly Uint8Array[]): Promise<void>
  /**
   * Gives up the entries from `from` on, the first of which cannot be read: from now on the log ends before it, and is
   * damaged, durably so before anything that is written later. `endOffset`: where the entry before it ends.
   */
  lose(from: LogIndex, endOffset: Offset, reason: string): void
  /** A segment is full from now on when it has this many bytes; null: as the options of the storage say. */
  limitSegments(bytes: number | null): void
  /** A leader has given the lost entries again: `damage` is null from now on, durably so with the next write. */
  repaired(): void
}

/**
 * The damage that recovery found. Entries from `fromIndex` on may have been acknowledged and are lost here, term and
 * vote may be older than the ones promised: the replica must neither vote nor lead until a leader has brought it up to
 * date and `repaired` was called. Survives restarts.
 */
export interface Damage {
  readonly fromIndex: LogIndex
  readonly reason: string
}

export interface LogStorageOptions {
  readonly folder: string
  readonly journalFileBytes: number
  readonly segmentBytes: number
  /** Memory for batches kept for readers, over all groups. */
  readonly tailBytes: number
  /**
   * A group's bytes in one round from which on they go straight to its segment
   * (docs/decisions/large-rounds-are-written-once.md).
   */
  readonly directBytes: number
  /** Free bytes below which `writable` turns false. */
  readonly diskReserveBytes: number
  /**
   * There was a log in this folder before. If none is left, every replica may have been forgotten (`mayHaveForgotten`).
   */
  readonly hadLog?: boolean
  /** Segment files that stay open for the next read or write. */
  readonly openSegments?: number
}

/** All groups' logs of one broker, one journal, one fdatasync a round. */
export interface LogStorage {
  /** Set once, before the first write. Called after a round's fdatasync with the highest ticket of each group in it. */
  onDurable: (group: GroupId, ticket: number) => void
  /**
   * Set once. A write or fdatasync failed: the content of the disk is unknown, nothing more will be made durable.
   * Called at once when that was before it is set.
   */
  set onFailure(call: (error: Error) => void)
  /** False while free disk space is below the reserve: leaders take no records. */
  readonly writable: boolean
  /**
   * Not even half of the reserve is left, or the disk has been full and is not yet free again: followers take no
   * records either.
   */
  readonly cramped: boolean
  /** Bytes of all groups that have been written and wait for a round: a disk that stands still holds them in memory. */
  readonly waitingBytes: number
  /** The state store has found the disk full: gives up the room that is kept for this case. */
  ranOut(): Promise<void>
  readonly metrics: LogMetrics
  /** As it is now. */
  readonly usage: LogUsage
  groups(): Iterable<GroupLog>
  group(id: GroupId): GroupLog | undefined
  /**
   * The journal has, or had, a place that cannot be read and may have held the only mention of a group. A group that is
   * not here, and whose replica was on this broker before, is to be created damaged: its promises are not known.
   * Survives restarts, until `nothingForgotten`.
   */
  readonly mayHaveForgotten: boolean
  /** Every group that may have been forgotten is here again, damaged. */
  nothingForgotten(): void
  /**
   * The last block of the journal that the opening has found, and the last one that is durable now. The count never
   * starts again.
   */
  readonly recoveredBlock: number
  readonly durableBlock: number
  /**
   * Another broker says that the disk has lost writes that it had confirmed: every group is damaged from its end on,
   * unless it is already, and any group may have been forgotten. Resolves when that is durable; false if it never will
   * be.
   */
  distrust(reason: string): Promise<boolean>
  /** Creates an empty log; durable with the group's first write, or, with `damage`, soon and before that. */
  create(id: GroupId, damage?: Damage): GroupLog
  /**
   * Begins to receive a log in the place of the group's, or continues from the part that an earlier attempt has left,
   * also after a restart. An earlier LogInstall of the group ends.
   * @throws RangeError when there is no such group; TailraceError STORAGE_CORRUPT when the description contradicts
   * itself
   */
  beginInstall(id: GroupId, description: LogDescription, files: readonly LogFile[]): Promise<LogInstall>
  /** Forgets the group and removes its files. Pending writes of it are dropped without a call of onDurable. */
  remove(id: GroupId): Promise<void>
  /** Writes everything out, so that the next open need not replay. */
  close(): Promise<void>
}

export interface LogMetrics {
  rounds: number
  syncs: number
  journalBytes: number
  segmentBytes: number
  tailBytes: number
  replayedEntries: number
  /** Places whose checksum was wrong, by the work that has found them. */
  readonly corruptPlaces: Record<CorruptionFinder, number>
  /** Called once a round: seconds of its fdatasync of the journal, and the bytes that it has written there. */
  syncSeconds: (seconds: number) => void
  roundBytes: (bytes: number) => void
  /** Called for each segment that is made durable. */
  segmentSyncSeconds: (seconds: number) => void
  /** Called for each read of records from segments, and for one in 16 of those from memory. */
  readSeconds: Readonly<Record<'tail' | 'disk', (seconds: number) => void>> | null
}

export type CorruptionFinder = 'read' | 'scrub' | 'recovery'

/** Room that the log takes, on the disk and in memory. Counted when it is asked for. */
export interface LogUsage {
  readonly journalFiles: number
  readonly segments: number
  /** Bytes of journal files and of segments on the disk. */
  readonly diskBytes: number
  /** Bytes that may still be written to the file system, as far as is known. */
  readonly freeBytes: number
  readonly reserveBytes: number
  /** Until only the reserve is free, if the disk fills up as in the last minutes; infinite if it does not. */
  readonly secondsUntilFull: number
  /** Memory of the journal's round. */
  readonly journalMemory: number
  /** Memory of the segments' indexes. */
  readonly segmentMemory: number
}

/**
 * A state store as it was at one moment; later writes do not change it, and it does not delay them (copy on write,
 * M44).
 */
export interface StateSnapshot {
  get(key: string): Promise<Uint8Array | null>
  /** As `StateStore.range`. */
  range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]>
  /** Must be called, else the state that it shows is kept permanently. */
  close(): Promise<void>
}

/**
 * A sorted map of byte strings that survives restarts: always a prefix of the log, never in need of an fsync
 * (docs/design.md).
 */
export interface StateStore {
  get(key: string): Promise<Uint8Array | null>
  /** Pairs with from <= key < to, in key order. */
  range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]>
  /** Writes all pairs or none, even through a crash. A null value removes the key. */
  write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void>
  /**
   * Resolves when everything that was written before is durable: needed before the log that it could be replayed from
   * is cut off.
   */
  flush(): Promise<void>
  snapshot(): StateSnapshot
  close(): Promise<void>
}
