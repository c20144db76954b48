import type { RecordsBatch } from '../records-batch.ts'
import { GroupBatch } from './group-batch.ts'
import type { GroupCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import { GroupRecord } from './group-record.ts'
import type { Handed, HandedRecord } from './leases/leased-partition.ts'
import { actionsOf, commitUpTo } from './record-actions.ts'

/** What a loop needs of its member: the member itself, and how records and batches are handed out. */
export interface HandOut<Data> {
  readonly member: GroupMember<Data>
  recordOf(handed: HandedRecord<Data>): GroupRecord<Data>
  batchOf(handed: Handed<Data, RecordsBatch<Data>>): GroupBatch<Data>
}

export function handOut<Data>(member: GroupMember<Data>, counts: GroupCounts): HandOut<Data> {
  const actions = actionsOf(member, counts, true)
  return {
    member,
    recordOf: (handed) => new GroupRecord(handed.content, (handed.due?.attempt ?? 0) + 1, handed, actions),
    batchOf: (handed) =>
      new GroupBatch(handed.content, handed.partition.lease.token, (options) => commitUpTo(member, handed, options)),
  }
}
