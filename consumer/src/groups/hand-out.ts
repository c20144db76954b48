import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import { GroupBatch } from './group-batch.ts'
import type { GroupCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import { GroupRecord } from './group-record.ts'
import type { Handed, LeasedPartition } from './leases/leased-partition.ts'
import { actionsOf, commitUpTo } from './record-actions.ts'

/** What a loop needs of its member: the member itself, and how records and batches are handed out. */
export interface HandOut<Data> {
  readonly member: GroupMember<Data>
  recordOf(partition: LeasedPartition<Data>, record: ConsumerRecord<Data>, handed: Handed): GroupRecord<Data>
  batchOf(partition: LeasedPartition<Data>, batch: RecordsBatch<Data>, handed: Handed): GroupBatch<Data>
}

export function handOut<Data>(member: GroupMember<Data>, counts: GroupCounts): HandOut<Data> {
  return {
    member,
    recordOf: (partition, record, handed) => {
      const attempt = (handed.due?.attempt ?? 0) + 1
      const actions = actionsOf(member, partition, handed, { attempt: () => attempt, counts, canCommit: true })
      return new GroupRecord(record, partition.lease.token, attempt, actions)
    },
    batchOf: (partition, batch, handed) =>
      new GroupBatch(batch, partition.lease.token, (options) => commitUpTo(member, partition, handed, options)),
  }
}
