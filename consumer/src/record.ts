import type { AnyTopic, Topic } from '@tailrace/client'
import {
  type DecodedRecord,
  type Offset,
  type PartitionNumber,
  shortText,
  TailraceError,
  type Timestamp,
} from '@tailrace/schemas'

type KeyOf<Data> = Data extends Topic<infer _In, infer _Out, infer _KeyIn, infer Key> ? Key : Data | null
type ValueOf<Data> = Data extends Topic<infer _In, infer Out, infer _KeyIn, infer _KeyOut> ? Out : Data | null
type TextOf<Data> = Data extends AnyTopic ? string : Data

/**
 * A record as programs read it. `Data`: string, or Uint8Array with the option `bytes`, or a typed topic
 * (`ConsumerRecord<typeof orders>`), whose headers are text.
 */
export interface ConsumerRecord<Data = string> {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: Offset
  /** Milliseconds since 1970. */
  readonly timestamp: Timestamp
  /** Null: it has none. */
  readonly key: KeyOf<Data>
  /** Null: it has none, which in Kafka's use says that its key was deleted. */
  readonly value: ValueOf<Data>
  /** A name that occurs several times has an array of values. */
  readonly headers: Readonly<Record<string, TextOf<Data> | null | readonly (TextOf<Data> | null)[]>>
}

/** Makes a record for programs out of a decoded one. @throws TailraceError INVALID_RECORD */
export type RecordMaker<Data> = (
  topic: string,
  partition: PartitionNumber,
  record: DecodedRecord,
) => ConsumerRecord<Data>

const NO_HEADERS = Object.freeze({})
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Keys, values and headers as views into the bytes received: no copy. */
export const bytesRecord: RecordMaker<Uint8Array> = (topic, partition, { offset, timestamp, key, value, headers }) => ({
  topic,
  partition,
  offset,
  timestamp,
  key,
  value,
  headers: headersOf(headers, (data) => data),
})

/** Keys, values and headers as text. Bytes that are not UTF-8 are refused, and never silently changed. */
export const textRecord: RecordMaker<string> = (topic, partition, record) => {
  const { offset, timestamp, headers } = record
  try {
    const key = text(record.key)
    const value = text(record.value)
    return { topic, partition, offset, timestamp, key, value, headers: headersOf(headers, text) }
  } catch (cause) {
    const detail = `${topic} partition ${partition} offset ${offset} is not UTF-8 text: subscribe with { bytes: true }.`
    throw new TailraceError('INVALID_RECORD', detail, { cause })
  }
}

/** By their names; of those that come more than once all values. */
export function headersOf<Data>(
  headers: DecodedRecord['headers'],
  read: (data: Uint8Array | null) => Data | null,
): Readonly<Record<string, Data | null | readonly (Data | null)[]>> {
  if (headers.length === 0) return NO_HEADERS
  const values = new Map<string, Data | null | (Data | null)[]>()
  for (const [name, data] of headers) {
    const before = values.get(name)
    if (before === undefined) values.set(name, read(data))
    else if (Array.isArray(before)) before.push(read(data))
    else values.set(name, [before, read(data)])
  }
  return Object.fromEntries(values)
}

/** @throws TypeError it is not UTF-8 */
export function text(data: Uint8Array | null): string | null {
  return data === null ? null : (shortText(data, 0, data.length) ?? decoder.decode(data))
}
