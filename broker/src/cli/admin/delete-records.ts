import { topicPath } from '../../cluster/routing/topic-path.ts'
import { UsageError } from '../command-failure.ts'
import { type Confirmed, confirm } from '../confirmation.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { TopicBody } from './answer-shapes.ts'

export interface DeleteRecordsOptions {
  /** Undefined: of the topic that has the name. */
  readonly topicId: string | undefined
  readonly partition: number
  /** -1: the high watermark. */
  readonly before: number
  readonly confirmed: Confirmed
  readonly json: boolean
}

/** Asks for a confirmation, unless it is given. @throws UsageError there is none, or nothing to delete */
export async function deleteRecords(
  name: string,
  { topicId, partition, before, confirmed, json }: DeleteRecordsOptions,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  if (confirmed.yes !== true) {
    const topic = (await admin.request('GET', topicPath(name, '', topicId))) as TopicBody
    await confirm(intentText(topic, partition, before), name, confirmed, terminal)
  }
  const path = topicPath(name, `/partitions/${partition}/delete-records`, topicId)
  const answer = (await admin.request('POST', path, { before })) as { readonly logStart: number }
  terminal.print(json ? JSON.stringify(answer) : `${name}/${partition} begins at offset ${answer.logStart}`)
}

/** @throws UsageError there is no such partition or record, or the partition ends before the offset */
function intentText({ name, partitions }: TopicBody, partition: number, before: number): string {
  const found = partitions[partition]
  if (found === undefined)
    throw new UsageError(`${name} has no partition ${partition}, but ${partitions.length} of them`)
  const { logStart, highWatermark } = found
  if (before > highWatermark) throw new UsageError(`${name}/${partition} ends at offset ${highWatermark}`)
  const end = before === -1 ? highWatermark : before
  if (end <= logStart) throw new UsageError(`nothing to delete: ${name}/${partition} begins at offset ${logStart}`)
  const range = `from offset ${logStart} to ${end - 1}`
  return `This deletes ${plural(end - logStart, 'record')} of ${name}/${partition}, ${range}`
}
