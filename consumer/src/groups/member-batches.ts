import { YoungCollections } from '../feed/young-collections.ts'
import type { RecordsBatch } from '../records-batch.ts'
import type { GroupBatch } from './group-batch.ts'
import type { GroupMember } from './group-member.ts'
import type { Handed } from './leases/leased-partition.ts'

/** The batches of a member, which leaves its group when the loop over them is left. */
export async function* memberBatches<Data>(
  member: GroupMember<Data>,
  batchOf: (handed: Handed<Data, RecordsBatch<Data>>) => GroupBatch<Data>,
): AsyncGenerator<GroupBatch<Data>, undefined> {
  const collections = new YoungCollections()
  try {
    for (;;) {
      const partition = await member.intake.next()
      if (partition === undefined) return
      const handed = partition.takeBatch()
      if (handed === undefined) {
        member.offerAgain(partition)
        continue
      }
      partition.begin(handed, member.now())
      let isDone = false
      try {
        yield batchOf(handed)
        isDone = true
      } finally {
        member.finish(handed, isDone)
      }
      collections.passed(handed.content.bytes.length)
    }
  } finally {
    await member.close(0)
  }
}
