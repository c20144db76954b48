import { type AnyTopic, coded } from '@tailrace/client'
import { type DecodedHeader, unreadableAt } from '@tailrace/schemas'
import type { ConsumerRecord } from './record.ts'
import { textHeaders } from './typed-record.ts'

/**
 * A record of bytes with its key and value as the topic's codecs make them.
 * @throws TailraceError INVALID_RECORD; INVALID_SETTING
 */
export function decodedRecord(topic: AnyTopic, record: ConsumerRecord<Uint8Array>): ConsumerRecord<AnyTopic> {
  const key: unknown = coded('key', record.key, topic.key.decode)
  const value: unknown = coded('value', record.value, topic.value.decode)
  return { ...record, key, value, headers: textHeaders(listed(record.headers)) }
}

/** @throws TailraceError what `read` throws, with the record's place */
export function readAt<Read>({ topic, partition, offset }: ConsumerRecord<unknown>, read: () => Read): Read {
  try {
    return read()
  } catch (error) {
    throw unreadableAt(error, { topic, partition, offset, nextOffset: offset + 1 })
  }
}

/** Each with its name. */
function listed(headers: ConsumerRecord<Uint8Array>['headers']): DecodedHeader[] {
  const isMany = (value: unknown): value is readonly (Uint8Array | null)[] => Array.isArray(value)
  return Object.entries(headers).flatMap(([name, value]) =>
    (isMany(value) ? value : [value as Uint8Array | null]).map((one): DecodedHeader => [name, one]),
  )
}
