import { encodeFrame, type Offset, type PartitionNumber } from '@tailrace/schemas'
import type { FetchResult } from '../../../partition/requests.ts'
import { type BatchCounts, countBatches } from '../../limits/batch-counts.ts'
import type { RecordsText, SharedTexts } from '../shared-texts.ts'
import { frameOf } from './server-frame.ts'

/** The end of a message with records as JSON. */
export interface ShownRecords {
  /** UTF-8. */
  readonly pieces: readonly Uint8Array[]
  readonly characters: number
  /** Where to read on. */
  readonly nextOffset: Offset
}

/** Clients choose the ids that messages differ by: of so many the message is kept. */
const mostKept = 64

/**
 * What one read of a partition brings, and the messages made of it: each is made once, however many subscribers get
 * it.
 */
export class Delivery {
  readonly found: FetchResult
  /** The first offset that is wanted of `found`. */
  readonly offset: Offset
  readonly #frames = new Map<number, readonly Uint8Array[]>()
  readonly #messages = new Map<string, readonly Uint8Array[]>()
  #counts: BatchCounts | null = null
  #records: ShownRecords | null | undefined

  constructor(found: FetchResult, offset: Offset) {
    this.found = found
    this.offset = offset
  }

  get counts(): BatchCounts {
    this.#counts ??= countBatches(this.found.batches)
    return this.#counts
  }

  /** A WebSocket message with a `Records` frame. */
  frame(subscription: number, partition: PartitionNumber): readonly Uint8Array[] {
    const known = this.#frames.get(subscription)
    if (known !== undefined) return known
    const { nextOffset, highWatermark, batches } = this.found
    const made = frameOf(
      'binary',
      encodeFrame('Records', { subscription, partition, nextOffset, highWatermark }, batches),
    )
    if (this.#frames.size < mostKept) this.#frames.set(subscription, made)
    return made
  }

  /** Null: there is no record to show. Throws as `readRun` does. */
  records(texts: SharedTexts): ShownRecords | null {
    if (this.#records === undefined) this.#records = shown(texts.of(this.found, this.offset), this.found)
    return this.#records
  }

  /** A WebSocket message with records as JSON behind `before`. */
  message(before: string, { pieces }: ShownRecords): readonly Uint8Array[] {
    const known = this.#messages.get(before)
    if (known !== undefined) return known
    const made = frameOf('text', [Buffer.from(before), ...pieces])
    if (this.#messages.size < mostKept) this.#messages.set(before, made)
    return made
  }
}

function shown({ utf8, characters, nextOffset }: RecordsText, { highWatermark }: FetchResult): ShownRecords | null {
  if (utf8 === null) return null
  const after = `,"nextOffset":${nextOffset},"highWatermark":${highWatermark}}`
  return { pieces: [utf8, Buffer.from(after)], characters: characters + after.length, nextOffset }
}
