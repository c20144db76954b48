import { Buffer } from 'node:buffer'
import type { Offset, PartitionNumber } from '@tailrace/schemas'
import { readRun } from '../json/read-records.ts'
import type { JsonBytes } from '../json/value.ts'
import type { Delivery } from '../standing/delivery.ts'
import { offsetText } from './stream-position.ts'

/** Keys and values of one delivery, but for a last batch that is larger; and the characters of its events. */
const mostBytes = 256 * 1024
/** What an event has beside its id and data. */
const frameCharacters = 'event: record\nid: \ndata: \n\n'.length + 11

interface ShownRecord {
  readonly offset: Offset
  readonly key: JsonBytes
  /** JSON. */
  readonly text: string
}

interface Shown {
  readonly records: readonly ShownRecord[]
  readonly nextOffset: Offset
}

/** The keys that a stream wants; `text`: the same for the same keys. */
export interface KeyFilter {
  readonly keys: ReadonlySet<string>
  readonly text: string
}

export interface RecordEvents {
  /** UTF-8; null: there is no record to send. */
  readonly utf8: Uint8Array | null
  /** How far they bring the reader. */
  readonly nextOffset: Offset
}

/**
 * The records of a delivery as events, made once for all streams that stand at the same position and want the same
 * keys; null: all. Throws as `readRun` does.
 */
export function recordEvents(
  delivery: Delivery,
  partition: PartitionNumber,
  id: { readonly before: string; readonly after: string },
  filter: KeyFilter | null,
): RecordEvents {
  const { records, nextOffset } = delivery.form('events', () => shownIn(delivery, partition))
  const wanted =
    filter === null ? records : records.filter(({ key }) => typeof key === 'string' && filter.keys.has(key))
  const taken = fitting(wanted, id.before.length + id.after.length)
  const cut = taken < wanted.length
  const next = cut ? wanted[taken - 1]!.offset + 1 : nextOffset
  if (taken === 0) return { utf8: null, nextOffset: next }
  const message = `events ${id.before} ${id.after} ${filter?.text ?? ''}`
  const [utf8] = delivery.message(message, () => [Buffer.from(textOf(wanted.slice(0, taken), id))])
  return { utf8: utf8!, nextOffset: next }
}

function shownIn({ found, offset }: Delivery, partition: PartitionNumber): Shown {
  const { records, nextOffset } = readRun(found, offset, mostBytes)
  return {
    records: records.map((record) => ({
      offset: record.offset,
      key: record.key,
      text: JSON.stringify({ partition, ...record }),
    })),
    nextOffset,
  }
}

/** How many of them are sent at once: one at least, and few where the ids are long. */
function fitting(records: readonly ShownRecord[], idCharacters: number): number {
  let characters = 0
  for (let at = 0; at < records.length; at++) {
    if (characters > 2 * mostBytes) return at
    characters += records[at]!.text.length + idCharacters + frameCharacters
  }
  return records.length
}

function textOf(
  records: readonly ShownRecord[],
  { before, after }: { readonly before: string; readonly after: string },
): string {
  let text = ''
  for (const record of records)
    text += `event: record\nid: ${before}${offsetText(record.offset + 1)}${after}\ndata: ${record.text}\n\n`
  return text
}
