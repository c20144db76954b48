import { TailraceError } from '@tailrace/schemas'
import { fencedError } from './beats/coordinator.ts'
import { durationMs } from './duration.ts'
import type { GroupCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import type { CommitOptions, RecordActions } from './group-record.ts'
import type { Handed } from './leases/leased-partition.ts'

const DELAY_MS = 30_000

/** What the records that a member hands out can do. */
export function actionsOf(member: GroupMember<unknown>, counts: GroupCounts, canCommit: boolean): RecordActions {
  return {
    commit(handed, options) {
      if (!canCommit) return Promise.reject(new TailraceError('INVALID_REQUEST', '`run` commits by itself.'))
      return commitUpTo(member, handed, options)
    },
    async retryIn(handed, delay, attempt) {
      const delayMs = durationMs(delay)
      const { partition: held, offset } = handed
      const { topic, topicId, partition, token } = held.lease
      if (!held.isHeld) throw fencedError(topic, partition)
      const fields = { topic, topicId, partition, token, offset, delayMs, attempt }
      await member.coordinator.delay(held.member, fields, { timeoutMs: DELAY_MS })
      handed.isPutOff = true
      held.settle(handed)
      counts.putOff++
    },
  }
}

/** Everything up to a record, or batch, is done. @throws TailraceError FENCED_MEMBER, TIMED_OUT */
export async function commitUpTo(
  { committer }: GroupMember<unknown>,
  handed: Handed<unknown>,
  { metadata = '' }: CommitOptions,
): Promise<void> {
  const { partition, step, due, offset } = handed
  if (typeof metadata !== 'string') throw new TailraceError('INVALID_SETTING', 'metadata is not a text.')
  if (!partition.isHeld) throw fencedError(partition.lease.topic, partition.lease.partition)
  if (due !== undefined) {
    if (!handed.isPutOff) await committer.done(partition, offset)
    return
  }
  partition.settle(handed)
  if (step !== undefined) await committer.commit(partition, { offset: step.nextOffset, term: step.term, metadata })
}
