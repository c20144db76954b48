import { type ErrorCode, mayStillHold, TailraceError } from '@tailrace/schemas'
import type { Batch } from './batch.ts'

/**
 * Meaning of an answer other than success for a batch.
 * retry: send it again as it is. fatal: it will never be accepted.
 * `definite`: this transmission was refused; the broker neither has it nor will have it from this transmission.
 */
export interface Verdict {
  readonly retry: boolean
  readonly definite: boolean
  /** Told to the caller in the place of the answer. */
  readonly shown?: TailraceError
}

/** Refusals before anything was appended. Any other retriable error leaves the outcome open. */
const refusals = new Set<ErrorCode>([
  'NOT_LEADER',
  'NOT_READY',
  'OVERLOADED',
  'THROTTLED',
  'DISK_FULL',
  'CORRUPT_BATCH',
  'UNKNOWN_PRODUCER',
  'TOO_MANY_PRODUCERS',
])
/**
 * A broker that does not know the topic or the batches before this one yet sends these errors too. How long each is
 * given, in ms.
 */
const passing = new Map<ErrorCode, number>([
  ['UNKNOWN_TOPIC', 2_000],
  ['UNKNOWN_PARTITION', 2_000],
  ['OUT_OF_ORDER_SEQUENCE', 5_000],
])

/** `now`: monotonic */
export function judge(batch: Batch, error: TailraceError, now: number): Verdict {
  if (error.code === 'OUT_OF_ORDER_SEQUENCE' && !batch.sentAsHead) {
    // The error says that a batch before it did not arrive, and nothing about this one.
    return { retry: true, definite: true }
  }
  // The lane's records move on as soon as lookups tell of the topic that has the name now; until then the broker may be
  // behind.
  if (error.code === 'TOPIC_ID_MISMATCH') return { retry: true, definite: true }
  if (batch.outcomeUnknown && mayStillHold(batch.condition, error)) {
    const shown = new TailraceError('OUTCOME_UNKNOWN', error.message, { cause: error })
    return { retry: false, definite: false, shown }
  }
  const graceMs = passing.get(error.code)
  if (graceMs !== undefined) {
    // A deposed leader that does not know that yet judges by an old log; it steps down within a few election timeouts.
    if (batch.graceUntil === 0) batch.graceUntil = now + graceMs
    return { retry: now < batch.graceUntil, definite: true }
  }
  if (error.retriable) return { retry: true, definite: refusals.has(error.code) }
  return { retry: false, definite: error.code !== 'CLOSED' && error.code !== 'ABORTED' }
}
