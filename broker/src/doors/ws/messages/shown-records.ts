import { Buffer } from 'node:buffer'
import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../../partition/requests.ts'
import type { Delivery } from '../../standing/delivery.ts'
import type { RecordsText, SharedTexts } from './shared-texts.ts'

/** The end of a message with records as JSON. */
export interface ShownRecords {
  /** UTF-8. */
  readonly pieces: readonly Uint8Array[]
  readonly characters: number
  /** Where to read on. */
  readonly nextOffset: Offset
}

/** Null: there is no record to show. Throws as `readRun` does. */
export function shownRecords(delivery: Delivery, texts: SharedTexts): ShownRecords | null {
  const { found, offset } = delivery
  return delivery.form('ws records', () => shown(texts.of(found, offset), found))
}

function shown({ utf8, characters, nextOffset }: RecordsText, { highWatermark }: FetchResult): ShownRecords | null {
  if (utf8 === null) return null
  const after = `,"nextOffset":${nextOffset},"highWatermark":${highWatermark}}`
  return { pieces: [utf8, Buffer.from(after)], characters: characters + after.length, nextOffset }
}
