import { GroupBatch } from './group-batch.ts'
import type { GroupCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import { GroupRecord } from './group-record.ts'
import { memberBatches } from './member-batches.ts'
import { MemberRecords } from './member-records.ts'
import { actionsOf, commitUpTo } from './record-actions.ts'

/** What a loop needs of its member: the member itself, and what it hands out. One of both is read. */
export interface HandOut<Data> {
  readonly member: GroupMember<Data>
  readonly records: MemberRecords<Data>
  batches(): AsyncGenerator<GroupBatch<Data>, undefined>
}

export function handOut<Data>(member: GroupMember<Data>, counts: GroupCounts): HandOut<Data> {
  const actions = actionsOf(member, counts, true)
  return {
    member,
    records: new MemberRecords(
      member,
      (handed) => new GroupRecord(handed.content, (handed.due?.attempt ?? 0) + 1, handed, actions),
    ),
    batches: () =>
      memberBatches(
        member,
        (handed) =>
          new GroupBatch(handed.content, handed.partition.lease.token, (options) =>
            commitUpTo(member, handed, options),
          ),
      ),
  }
}
