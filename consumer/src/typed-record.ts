import { type AnyTopic, coded } from '@tailrace/client'
import { type DecodedRecord, TailraceError } from '@tailrace/schemas'
import { type ConsumerRecord, headersOf, type RecordMaker, text } from './record.ts'

/**
 * Makes records of a typed topic, each by the topic's codecs. What it makes throws INVALID_RECORD; INVALID_SETTING of a
 * codec.
 */
export function typedRecordMaker(topic: AnyTopic): RecordMaker<AnyTopic> {
  return (name, partition, record) => {
    const { offset, timestamp, headers } = record
    const key: unknown = coded('key', record.key, topic.key.decode)
    const value: unknown = coded('value', record.value, topic.value.decode)
    return { topic: name, partition, offset, timestamp, key, value, headers: textHeaders(headers) }
  }
}

/** @throws TailraceError INVALID_RECORD */
export function textHeaders(headers: DecodedRecord['headers']): ConsumerRecord<AnyTopic>['headers'] {
  try {
    return headersOf(headers, text)
  } catch (cause) {
    throw new TailraceError('INVALID_RECORD', 'headers: they are not UTF-8 text.', { cause })
  }
}

/** @throws TailraceError INVALID_SETTING: the codecs of a topic say what its data is */
export function refuseBytes(options: { readonly bytes?: boolean | undefined }): void {
  if (options.bytes === undefined) return
  throw new TailraceError('INVALID_SETTING', 'bytes: the codecs of the topic say what its records are.')
}
