import type { GroupId } from '@tailrace/schemas'
import type { GroupLog, LogDescription, LogFile, LogStorage } from './log-storage.ts'

/**
 * A log of records that are committed: nothing but appended to, read, and cut at its start. The part of `GroupLog` that
 * needs no disk.
 */
export type CommittedLog = Pick<
  GroupLog,
  | 'group'
  | 'lastIndex'
  | 'startOffset'
  | 'endOffset'
  | 'prevTerm'
  | 'terms'
  | 'sizeBytes'
  | 'damage'
  | 'repaired'
  | 'write'
  | 'readRecords'
  | 'offsetForTime'
  | 'segmentStarts'
  | 'seal'
  | 'limitSegments'
  | 'cutPrefix'
>

/** The logs of a broker that copies committed records: on its disk (`LogStorage`), or in memory (`MemoryLogs`). */
export interface CommittedLogs extends Pick<LogStorage, 'writable' | 'cramped' | 'usage' | 'metrics' | 'onDurable'> {
  groups(): Iterable<CommittedLog>
  group(id: GroupId): CommittedLog | undefined
  create(id: GroupId): CommittedLog
  /** As `LogStorage.beginInstall`, of a log without entries: `files` is empty. The present one ends with `finish`. */
  beginInstall(
    id: GroupId,
    description: LogDescription,
    files: readonly LogFile[],
  ): Promise<{ finish(): Promise<CommittedLog> }>
  remove(id: GroupId): Promise<void>
  close(): Promise<void>
}
