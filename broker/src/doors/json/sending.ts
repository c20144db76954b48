import type { ErrorCode } from '@tailrace/schemas'
import {
  BASE_OFFSET_AT,
  BATCH_LENGTH_AT,
  LEADER_EPOCH_AT,
  MAGIC_AT,
  mayStillHold,
  type PartitionNumber,
  TailraceError,
} from '@tailrace/schemas'
import type { Asker, BrokerApi } from '../../api/broker-api.ts'
import type { PublishCondition, PublishResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { RetryPause } from '../limits/retry-pause.ts'

/**
 * The same batch under the same sequence may be sent again after these: the partition moved, or the answer was lost.
 */
const retried = new Set<ErrorCode>([
  'NOT_LEADER',
  'UNKNOWN_PRODUCER',
  'LEADER_UNAVAILABLE',
  'NOT_READY',
  'OUTCOME_UNKNOWN',
  'TIMED_OUT',
  'CONNECTION_LOST',
])

/** Whether the same may be asked once more. */
export function isRetried(error: unknown): boolean {
  return error instanceof TailraceError && retried.has(error.code)
}

/**
 * Those of them that say that this attempt wrote nothing. UNKNOWN_PRODUCER: the leader does not know the broker's
 * newest ids yet. NOT_READY: a new cluster takes no fencing tokens yet.
 */
const refused = new Set<ErrorCode>(['NOT_LEADER', 'UNKNOWN_PRODUCER', 'LEADER_UNAVAILABLE', 'NOT_READY'])

export interface SendingDeps {
  readonly api: BrokerApi
  readonly clock: Clock
  readonly random: Random
}

/** Where a batch goes, for whom, until when, and under which condition. */
export interface Destination {
  readonly topic: string
  /** The id of the topic. */
  readonly id: string
  readonly partition: PartitionNumber
  /** Monotonic milliseconds. */
  readonly deadline: number
  readonly asker: Asker
  readonly condition?: PublishCondition
}

/**
 * Sends a batch of the broker's own producer until it is known to be written, known to be refused, or the time is up.
 * @throws TailraceError (rejects with) OUTCOME_UNKNOWN; the error of the last attempt where none can have written it
 */
export async function sendUntilKnown(
  { api, clock, random }: SendingDeps,
  { topic, id, partition, deadline, asker, condition }: Destination,
  batch: Uint8Array,
): Promise<PublishResult> {
  const pause = new RetryPause(clock, random)
  let mayBeWritten = false
  for (let next = batch; ; next = unsent(next)) {
    const timeoutMs = Math.max(1, deadline - clock.monotonic())
    try {
      const options = { timeoutMs, wait: true, topicId: id, asker, byBroker: true, condition }
      return await api.publish(topic, partition, next, options)
    } catch (error) {
      if (!(error instanceof TailraceError)) throw error
      const open = (): TailraceError =>
        new TailraceError('OUTCOME_UNKNOWN', `Partition ${partition}.`, { cause: error })
      if (!retried.has(error.code)) throw mayBeWritten && mayStillHold(condition, error) ? open() : error
      mayBeWritten ||= !refused.has(error.code)
      // An earlier attempt may still be committed: the last answer alone would promise too much.
      if (clock.monotonic() + pause.nextMs >= deadline) throw mayBeWritten ? open() : error
      await pause.wait()
    }
  }
}

/**
 * A copy in the state in which a producer sends it. The bytes handed to the broker are the broker's, which may hold
 * them in its log under other offsets; the two fields that it writes there stand before the bytes that the CRC covers.
 */
function unsent(batch: Uint8Array): Uint8Array {
  const copy = batch.slice()
  copy.fill(0, BASE_OFFSET_AT, BATCH_LENGTH_AT)
  copy.fill(0xff, LEADER_EPOCH_AT, MAGIC_AT)
  return copy
}
