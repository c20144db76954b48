import { machine } from '@tailrace/client'
import {
  type BrokerId,
  type HeaderInput,
  type PartitionNumber,
  type RecordInput,
  TailraceError,
  type Timestamp,
} from '@tailrace/schemas'

type HeaderValue = Uint8Array | string | null

/** What a program publishes. Strings travel as UTF-8. */
export interface ProducerRecord {
  /** Records of one key go to one partition, and so stay in order. Default null. */
  readonly key?: Uint8Array | string | null
  /** null marks a key as deleted, where a topic is compacted. */
  readonly value: Uint8Array | string | null
  /** A name that occurs several times has an array of values. */
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  /** Overrules key and partitioner. */
  readonly partition?: PartitionNumber
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: Timestamp
}

/** Where a record ended up. A consumer's `read` finds the record there, even if the leader fails. */
export interface Sent {
  readonly partition: PartitionNumber
  /** The record's number in its partition, from 0 on. */
  readonly offset: number
  /**
   * Names the record's entry in the log; null where the broker could not tell, as for a record found to be there
   * already.
   */
  readonly token: string | null
  /** Brokers that had it on disk when it was acknowledged. */
  readonly holders: readonly BrokerId[]
  /** The topic that it is in: another topic may have the name later. */
  readonly topicId: string
}

/**
 * The form in which batches take a record. `now`: the time of one that names none.
 * @throws TailraceError INVALID_RECORD
 */
export function recordInput(record: ProducerRecord, now: () => Timestamp = machine.now): RecordInput {
  const timestamp = record.timestamp ?? now()
  const key = record.key ?? null
  if (record.headers === undefined) return { timestamp, key, value: record.value }
  return { timestamp, key, value: record.value, headers: headerInputs(record.headers) }
}

function headerInputs(headers: unknown): HeaderInput[] {
  if (typeof headers !== 'object' || headers === null)
    throw new TailraceError('INVALID_RECORD', 'headers: not an object.')
  return Object.entries(headers).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one): HeaderInput => [name, one]) : [[name, value] as HeaderInput],
  )
}
