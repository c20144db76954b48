import type { Offset, PartitionNumber, Timestamp } from '@tailrace/schemas'
import type { ConsumerRecord } from '../record.ts'
import type { Handed } from './leases/leased-partition.ts'

export interface CommitOptions {
  /** Kept with the position, and told to the member that has the partition next. At most 4 KiB. Default: none. */
  readonly metadata?: string
}

/** What records can do, for the one that handles them. */
export interface RecordActions {
  commit(handed: Handed<unknown>, options: CommitOptions): Promise<void>
  /** `attempt`: that which is being made. */
  retryIn(handed: Handed<unknown>, delay: number | string, attempt: number): Promise<void>
}

/** A record that a member of a consumer group handles. */
export class GroupRecord<Data = string> implements ConsumerRecord<Data> {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: Offset
  /** Milliseconds since 1970. */
  readonly timestamp: Timestamp
  /** Null: it has none. */
  readonly key: ConsumerRecord<Data>['key']
  readonly value: ConsumerRecord<Data>['value']
  /** A name that occurs several times has an array of values. */
  readonly headers: ConsumerRecord<Data>['headers']
  /**
   * The fencing token of the partition's lease: each later lease of it has a greater one. Stored together with
   * the result, it keeps a consumer that was paused from overwriting what its successor has written.
   */
  readonly token: number
  /** 1 at first, 2 when it comes for the second time after `retryIn` or a failed handler, and so on. */
  readonly attempt: number
  readonly #handed: Handed<unknown>
  readonly #actions: RecordActions

  /** The actions are the same for all records of a member: what is made anew for each of them costs a loop most. */
  constructor(record: ConsumerRecord<Data>, attempt: number, handed: Handed<unknown>, actions: RecordActions) {
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
    this.timestamp = record.timestamp
    this.key = record.key
    this.value = record.value
    this.headers = record.headers
    this.token = handed.partition.lease.token
    this.attempt = attempt
    this.#handed = handed
    this.#actions = actions
  }

  /**
   * Everything of its partition up to this record is done, and is committed when this resolves.
   * @throws TailraceError FENCED_MEMBER: the partition is another member's by now, and nothing was committed;
   * TIMED_OUT: it may be committed
   */
  commit(options: CommitOptions = {}): Promise<void> {
    return this.#actions.commit(this.#handed, options)
  }

  /**
   * Puts the record off: it comes again after `delay` (milliseconds, or "90s", "15m", "2h"), here or at the member that
   * has its partition then, also after restarts of all consumers and brokers. It counts as done for now, and records
   * behind it come first. Resolves when the coordinator has stored that.
   * @throws TailraceError INVALID_SETTING; FENCED_MEMBER, TIMED_OUT as {@link commit}; CONSUMER_GROUPS_FULL: the group
   * has put off as many records as it can
   */
  retryIn(delay: number | string): Promise<void> {
    return this.#actions.retryIn(this.#handed, delay, this.attempt)
  }
}
