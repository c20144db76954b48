import type { GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Report } from './finding.ts'

export interface LogToInspect {
  /** Nothing of it is changed. */
  readonly disk: Disk
  readonly crc32c: Crc32c
  readonly folder: string
  /** There has been a log here before: an empty folder has lost it. */
  readonly hadLog: boolean
  readonly report: Report
  /** Called with the number of bytes that were read since the call before. */
  readonly onRead: (bytes: number) => void
}

export interface SegmentFile {
  readonly baseIndex: LogIndex
  readonly baseOffset: Offset
  readonly path: string
}

/** One replica's log. */
export interface InspectedGroup {
  readonly group: GroupId
  readonly folder: string
  readonly term: Term
  /** Of the last entry. */
  readonly lastTerm: Term
  readonly firstIndex: LogIndex
  /** firstIndex - 1 when there is no entry. */
  readonly lastIndex: LogIndex
  /** Entries of which no sound bytes are left are counted as well. */
  readonly entries: number
  readonly firstOffset: Offset
  /** After the last record. */
  readonly endOffset: Offset
  readonly records: number
  /** Of its batches: those in segments, and those that only the journal has. */
  readonly bytes: number
  readonly segments: number
  /** Entries of its log are missing or cannot be read, or the replica is in quarantine for such. */
  readonly damaged: boolean
}

export interface InspectedLog {
  /** Null: without a checkpoint not even the groups are known. */
  readonly groups: readonly InspectedGroup[] | null
  readonly journalFiles: number
  /** Rounds of the journal after the checkpoint. */
  readonly rounds: number
  readonly segments: number
}
