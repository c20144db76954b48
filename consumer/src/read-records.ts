import { type AnyTopic, type Client, isTopic } from '@tailrace/client'
import { checkTopicName } from '@tailrace/schemas'
import { readPlace } from './point-read.ts'
import { checkPlace, type ReadOptions, type ReadPlace, readSettings } from './read-options.ts'
import { type ReadResult, readResult } from './read-result.ts'
import { onUnreadableOf } from './readable-records.ts'
import { bytesRecord, type RecordMaker, textRecord } from './record.ts'
import { refuseBytes, typedRecordMaker } from './typed-record.ts'

/**
 * The records from a place on. `signal`: ends the read; that of the options is not asked.
 * @throws TailraceError as the `read` of a consumer
 */
export async function readRecordsAt(
  client: Client,
  topic: string | AnyTopic,
  place: ReadPlace,
  options: ReadOptions,
  signal: AbortSignal,
): Promise<ReadResult<unknown>> {
  if (isTopic(topic)) refuseBytes(options)
  const name = isTopic(topic) ? topic.name : topic
  checkTopicName(name)
  checkPlace(place)
  const settings = readSettings(options)
  const onUnreadable = onUnreadableOf(options.onUnreadable)
  const answer = await readPlace(client, name, place, settings, signal)
  return readResult(name, place, answer, makerOf(topic, options), onUnreadable)
}

function makerOf(topic: string | AnyTopic, { bytes }: ReadOptions): RecordMaker<unknown> {
  if (isTopic(topic)) return typedRecordMaker(topic)
  return bytes ? bytesRecord : textRecord
}
