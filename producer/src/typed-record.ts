import { type AnyTopic, coded, type Topic } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { ProducerRecord } from './record.ts'

/** What a program publishes to a typed topic. The key may be left out where the topic's keys may be null. */
export type TypedProducerRecord<Value, Key> = Omit<ProducerRecord, 'key' | 'value'> & {
  readonly value: Value
} & (null extends Key ? { readonly key?: Key } : { readonly key: Key })

/** What a topic takes. */
export type RecordOf<One extends AnyTopic> =
  One extends Topic<infer In, infer _Out, infer KeyIn, infer _KeyOut> ? TypedProducerRecord<In, KeyIn> : never

/** The record with its key and value as bytes or text. @throws TailraceError INVALID_RECORD; INVALID_SETTING */
export function encodedRecord(topic: AnyTopic, record: TypedProducerRecord<unknown, unknown>): ProducerRecord {
  if (typeof record !== 'object' || record === null) throw new TailraceError('INVALID_RECORD', 'It is not an object.')
  const key = coded('key', record.key ?? null, topic.key.encode)
  return { ...record, key, value: coded('value', record.value, topic.value.encode) }
}
