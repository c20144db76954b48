import { type DecodedRecord, type Offset, type PartitionNumber, TailraceError, type Timestamp } from '@tailrace/schemas'

/** A record as programs read it. `Data`: string, or Uint8Array with the option `bytes`. */
export interface ConsumerRecord<Data = string> {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: Offset
  /** Milliseconds since 1970. */
  readonly timestamp: Timestamp
  readonly key: Data | null
  readonly value: Data | null
  readonly headers: Readonly<Record<string, Data | null>>
}

/** Makes what programs read out of what the wire gives. @throws TailraceError INVALID_RECORD */
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
  headers: headers.length === 0 ? NO_HEADERS : Object.fromEntries(headers),
})

/** Keys, values and headers as text. What is not UTF-8 is refused, and never silently changed. */
export const textRecord: RecordMaker<string> = (topic, partition, record) => {
  const { offset, timestamp, headers } = record
  try {
    const key = text(record.key)
    const value = text(record.value)
    const texts =
      headers.length === 0 ? NO_HEADERS : Object.fromEntries(headers.map(([name, data]) => [name, text(data)]))
    return { topic, partition, offset, timestamp, key, value, headers: texts }
  } catch (cause) {
    const detail = `${topic} partition ${partition} offset ${offset} is not UTF-8 text: subscribe with { bytes: true }.`
    throw new TailraceError('INVALID_RECORD', detail, { cause })
  }
}

function text(data: Uint8Array | null): string | null {
  return data === null ? null : decoder.decode(data)
}
