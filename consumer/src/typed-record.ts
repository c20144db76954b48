import { type AnyTopic, coded } from '@tailrace/client'
import { TailraceError, unreadableAt } from '@tailrace/schemas'
import { bytesRecord, type ConsumerRecord, type RecordMaker, text } from './record.ts'

/** Makes records of a typed topic, each by the topic's codecs. */
export function typedRecordMaker(topic: AnyTopic): RecordMaker<AnyTopic> {
  return (name, partition, record) => decodedRecord(topic, bytesRecord(name, partition, record))
}

/**
 * The record with its key and value as the topic's codecs make them.
 * @throws TailraceError INVALID_RECORD; INVALID_SETTING
 */
export function decodedRecord(topic: AnyTopic, record: ConsumerRecord<Uint8Array>): ConsumerRecord<AnyTopic> {
  const key: unknown = coded('key', record.key, topic.key.decode)
  const value: unknown = coded('value', record.value, topic.value.decode)
  return { ...record, key, value, headers: textHeaders(record.headers) }
}

/** @throws TailraceError what `read` throws, with the record's place */
export function readAt<Read>({ topic, partition, offset }: ConsumerRecord<unknown>, read: () => Read): Read {
  try {
    return read()
  } catch (error) {
    throw unreadableAt(error, { topic, partition, offset, nextOffset: offset + 1 })
  }
}

function textHeaders(headers: ConsumerRecord<Uint8Array>['headers']): ConsumerRecord<AnyTopic>['headers'] {
  const entries = Object.entries(headers)
  // Most records have none, and share one object for that.
  if (entries.length === 0) return headers as ConsumerRecord<AnyTopic>['headers']
  const isMany = (value: unknown): value is readonly (Uint8Array | null)[] => Array.isArray(value)
  try {
    return Object.fromEntries(
      entries.map(([name, value]) => [name, isMany(value) ? value.map(text) : text(value as Uint8Array | null)]),
    )
  } catch (cause) {
    throw new TailraceError('INVALID_RECORD', 'headers: they are not UTF-8 text.', { cause })
  }
}

/** @throws TailraceError INVALID_SETTING: the codecs of a topic say what its data is */
export function refuseBytes(options: { readonly bytes?: boolean | undefined }): void {
  if (options.bytes === undefined) return
  throw new TailraceError('INVALID_SETTING', 'bytes: the codecs of the topic say what its records are.')
}
