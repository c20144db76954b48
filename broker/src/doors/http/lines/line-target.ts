import type { BrokerId, Offset, PartitionNumber } from '@tailrace/schemas'
import type { PublishCondition } from '../../../partition/requests.ts'
import { ofPartition, placeOf } from '../../json/conditional-publish.ts'
import type { JsonPublisher } from '../../json/publisher.ts'
import type { RecordInput } from '../../json/record.ts'
import type { AutoCreation } from '../../limits/auto-creation.ts'
import type { RequestContext } from '../../limits/request-context.ts'

/** Records of one partition. Those of others may stand between them, unless they were written under a condition. */
export interface WrittenRun {
  readonly partition: PartitionNumber
  readonly records: number
  /** Of the first. */
  readonly offset: Offset
  /** Behind the last. */
  readonly endOffset: Offset
  readonly token?: string | undefined
  readonly holders?: readonly BrokerId[] | undefined
}

/** Where records go that come as lines. */
export interface LineTarget {
  /** Records of so many bytes fit into one batch. */
  batchBytes(): number
  /** Resolves when all records are on the disks of a majority. Rejects as JsonPublisher does. */
  publish(batch: BatchOfLines): Promise<readonly WrittenRun[]>
}

export interface BatchOfLines {
  readonly records: readonly RecordInput[]
  /** Bytes of the lines. */
  readonly bytes: number
  /** By the place in `records`: for the reader of an error. */
  nameOf(index: number): string
}

export interface TargetParts {
  readonly publisher: JsonPublisher
  readonly creation: AutoCreation
  readonly context: RequestContext
}

/** The key of a record decides on its partition, or the record itself. */
export function topicTarget(topic: string, topicId: string, parts: TargetParts): LineTarget {
  const { publisher, creation, context } = parts
  // All lines go to the topic that has the first.
  let id = topicId
  return {
    batchBytes: () => publisher.maxBatchBytes(topic),
    async publish({ records, bytes, nameOf }) {
      const publish = () => publisher.publish(context.rights, topic, records, id, nameOf)
      const started = context.now()
      const published = await creation.orCreate(context.sender, topic, id, publish)
      context.published({ bytes, records: records.length, batches: published.batches }, started)
      id = published.topicId
      const runs = new Map<PartitionNumber, WrittenRun>()
      for (const { partition, offset } of published.offsets) {
        const run = runs.get(partition)
        const first = Math.min(offset, run?.offset ?? offset)
        const endOffset = Math.max(offset + 1, run?.endOffset ?? 0)
        runs.set(partition, { partition, records: (run?.records ?? 0) + 1, offset: first, endOffset })
      }
      return [...runs.values()].map((run) => ({
        ...run,
        ...published.tokens.find(({ partition }) => partition === run.partition),
      }))
    },
  }
}

/** Each batch under the condition: an expected offset moves on with the batches, so that nothing comes between them. */
export function conditionalTarget(
  { topic, topicId, partition }: { readonly topic: string; readonly topicId: string; readonly partition: number },
  condition: PublishCondition,
  { publisher, creation, context }: TargetParts,
): LineTarget {
  let next = condition
  return {
    batchBytes: () => publisher.maxBatchBytes(topic),
    async publish({ records: given, bytes, nameOf }) {
      const records = given.map((record, at) => ofPartition(record, partition, nameOf, at))
      const asked = { partition, condition: next, records, nameOf }
      const publish = () => publisher.publishIf(context.rights, topic, asked, topicId)
      const started = context.now()
      const written = placeOf(partition, await creation.orCreate(context.sender, topic, topicId, publish))
      context.published({ bytes, records: records.length, batches: 1 }, started)
      if (next.expectedOffset !== undefined) next = { ...next, expectedOffset: written.endOffset }
      return [{ ...written, records: records.length }]
    },
  }
}
