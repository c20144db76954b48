import { TailraceError } from '@tailrace/schemas'
import { fencedError } from './beats/coordinator.ts'
import { durationMs } from './duration.ts'
import type { GroupCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import type { CommitOptions, RecordActions } from './group-record.ts'
import type { Handed, LeasedPartition } from './leases/leased-partition.ts'

const DELAY_MS = 30_000

/** What a record that was handed out can do. `attempt`: that which is being made. */
export function actionsOf<Data>(
  member: GroupMember<Data>,
  partition: LeasedPartition<Data>,
  handed: Handed,
  more: { readonly attempt: () => number; readonly counts: GroupCounts; readonly canCommit: boolean },
): RecordActions {
  return {
    commit(options: CommitOptions): Promise<void> {
      if (!more.canCommit) return Promise.reject(new TailraceError('INVALID_REQUEST', '`run` commits by itself.'))
      return commitUpTo(member, partition, handed, options)
    },
    async retryIn(delay): Promise<void> {
      const delayMs = durationMs(delay)
      const { topic, topicId, partition: number, token } = partition.lease
      if (!partition.isHeld) throw fencedError(topic, number)
      const { offset } = handed
      const fields = { topic, topicId, partition: number, token, offset, delayMs, attempt: more.attempt() }
      await member.coordinator.delay(partition.member, fields, { timeoutMs: DELAY_MS })
      handed.isPutOff = true
      partition.settle(handed)
      more.counts.putOff++
    },
  }
}

/** Everything up to a record, or batch, is done. @throws TailraceError FENCED_MEMBER, TIMED_OUT */
export async function commitUpTo<Data>(
  member: GroupMember<Data>,
  partition: LeasedPartition<Data>,
  handed: Handed,
  { metadata = '' }: CommitOptions,
): Promise<void> {
  const { topic, partition: number } = partition.lease
  if (typeof metadata !== 'string') throw new TailraceError('INVALID_SETTING', 'metadata is not a text.')
  if (!partition.isHeld) throw fencedError(topic, number)
  const { step, due, offset } = handed
  if (due !== undefined) {
    if (!handed.isPutOff) await member.committer.done(partition, offset)
    return
  }
  partition.settle(handed)
  if (step !== undefined)
    await member.committer.commit(partition, { offset: step.nextOffset, term: step.term, metadata })
}
