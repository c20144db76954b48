import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { ProducerRecord } from '../record.ts'

/** Under which records are written: both where both are given. */
export interface Condition {
  /** The partition ends exactly there: the offset that the first record gets. */
  readonly expectedOffset?: number
  /** A fencing token, not lower than the highest one that the partition has accepted. */
  readonly fence?: number
}

/** A condition, the partition that it is about, and the records that are one batch under it. */
export interface Together {
  readonly partition: PartitionNumber
  readonly condition: Condition
  readonly records: readonly ProducerRecord[]
}

export interface ConditionalOptions extends Condition {
  /** Default: the one that all records name. */
  readonly partition?: PartitionNumber
}

/** @throws TailraceError INVALID_RECORD, INVALID_SETTING that names the field */
export function togetherOf(
  records: readonly ProducerRecord[],
  { partition, expectedOffset, fence }: ConditionalOptions,
): Together {
  checkCount('expectedOffset', expectedOffset)
  checkCount('fence', fence)
  if (records.length === 0) throw new TailraceError('INVALID_RECORD', 'A condition needs a record; see fence().')
  if (records.some((record) => typeof record !== 'object' || record === null)) {
    throw new TailraceError('INVALID_RECORD', 'It is not an object.')
  }
  const meant = partition ?? records[0]!.partition
  if (meant === undefined || records.some((record) => (record.partition ?? meant) !== meant)) {
    throw new TailraceError('INVALID_RECORD', 'A condition is about one partition, which all records must have.')
  }
  const condition = { ...(expectedOffset !== undefined && { expectedOffset }), ...(fence !== undefined && { fence }) }
  return { partition: meant, condition, records }
}

export function checkCount(name: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return
  throw new TailraceError('INVALID_SETTING', `${name}: ${String(value)} is no whole number from 0 on.`)
}
