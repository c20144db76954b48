import type { LogRecord } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'

export interface Shown extends LogRecord {
  readonly partition: number
}

export interface Page {
  readonly records: readonly LogRecord[]
  readonly nextOffset: number
  readonly highWatermark: number
}

export interface Found extends Page {
  readonly partition: number
  /** Records that were looked at. */
  readonly read: number
}

const PAGE_BYTES = 256 * 1024
/** A search stops there, and goes on when it is asked to. */
export const MOST_SEARCHED = 20_000
export const MOST_FOUND = 200

export async function readPage(topic: string, partition: number, offset: string): Promise<Found> {
  const query = `offset=${encodeURIComponent(offset)}&maxBytes=${PAGE_BYTES}`
  const page = await request<Page>('GET', topicPath(topic, `/partitions/${partition}/records?${query}`))
  return { ...page, partition, read: page.records.length }
}

/** Records that have the text in key or value, from the offset on; bounded. `onFound` is told as it goes on. */
export async function scan(
  { topic, partition, wanted }: { readonly topic: string; readonly partition: number; readonly wanted: string },
  offset: string,
  signal: AbortSignal,
  onFound: (found: Found) => void,
): Promise<Found> {
  let found: Found = { partition, records: [], nextOffset: 0, highWatermark: 0, read: 0 }
  let next = offset
  do {
    const page = await readPage(topic, partition, next)
    signal.throwIfAborted()
    const records = [...found.records, ...page.records.filter((record) => matches(record, wanted))]
    found = { ...page, records, read: found.read + page.read }
    onFound(found)
    next = String(page.nextOffset)
    if (page.read === 0 && page.nextOffset >= page.highWatermark) break
  } while (found.nextOffset < found.highWatermark && found.read < MOST_SEARCHED && found.records.length < MOST_FOUND)
  return found
}

/** What is no text is not searched. */
export function matches({ key, value }: LogRecord, wanted: string): boolean {
  return wanted === '' || [key, value].some((content) => typeof content === 'string' && content.includes(wanted))
}
