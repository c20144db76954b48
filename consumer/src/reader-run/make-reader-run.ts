import { type AnyTopic, isTopic, type OpenTelemetryApi } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { decodedRecord, readAt } from '../decoded-record.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { SubscribeOptions } from '../options.ts'
import { onUnreadableOf } from '../readable-records.ts'
import { bytesRecord, type ConsumerRecord, type RecordMaker, textRecord } from '../record.ts'
import { RecordsBatch } from '../records-batch.ts'
import type { Sources } from '../sources.ts'
import type { Topics } from '../topics/topic-choice.ts'
import type { TopicsOptions } from '../topics/topics-options.ts'
import { refuseBytes } from '../typed-record.ts'
import { ReaderRun, type RecordHandler } from './reader-run.ts'
import { type ConsumerRunOptions, readerRunSettings, type TopicsRunOptions } from './reader-run-options.ts'
import { savedStart } from './saved-start.ts'

/** What a program gives to `run`. */
export interface WantedRun {
  readonly topic: string | AnyTopic | Topics
  readonly handler: unknown
  readonly options: ConsumerRunOptions | TopicsRunOptions
}

/** Makes a run that begins where its checkpoint says. @throws TailraceError INVALID_SETTING; what the store throws */
export async function makeReaderRun(
  { topic, handler, options }: WantedRun,
  sources: Sources,
  openTelemetry: OpenTelemetryApi | undefined,
): Promise<ReaderRun<unknown, unknown>> {
  if (typeof handler !== 'function') throw new TailraceError('INVALID_SETTING', 'handler is not a function.')
  if (isTopic(topic)) refuseBytes(options)
  const name = isTopic(topic) ? topic.name : typeof topic === 'string' ? topic : undefined
  const { reading, handling, checkpoint } = readerRunSettings(options, name)
  const onUnreadable = onUnreadableOf(reading.onUnreadable)
  const start = checkpoint === undefined ? undefined : await savedStart(reading, checkpoint, name !== undefined)
  const wanted = start?.reading ?? reading
  const source =
    name === undefined
      ? sources.topics(topic as Topics, wanted as TopicsOptions)
      : sources.topic(name, wanted as SubscribeOptions)
  const make = (isTopic(topic) || options.bytes ? bytesRecord : textRecord) as RecordMaker<unknown>
  // As bytes until its turn: their keys say which records are handled one after the other.
  const decoded = (record: ConsumerRecord<unknown>): ConsumerRecord<unknown> =>
    readAt(record, () => decodedRecord(topic as AnyTopic, record as ConsumerRecord<Uint8Array>))
  return new ReaderRun<unknown, unknown>({
    source,
    batchOf: (received: ReceivedBatch) => new RecordsBatch(received.cursor.owner!.topic, received, make, onUnreadable),
    read: isTopic(topic) ? decoded : (record) => record,
    onUnreadable,
    handler: handler as RecordHandler<unknown>,
    handling,
    checkpoint,
    savesStart: start?.isMoving ?? false,
    openTelemetry,
    surroundings: sources.surroundings,
  })
}
