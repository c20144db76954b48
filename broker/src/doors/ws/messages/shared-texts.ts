import { Buffer } from 'node:buffer'
import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../../partition/requests.ts'
import type { Clock } from '../../../platform/clock.ts'
import { readRun } from '../../json/read-records.ts'

/**
 * Keys and values in one message, but for a last batch that is larger: as much as a browser console still shows at
 * once.
 */
const maxMessageBytes = 256 * 1024

/** Records as a JSON array. */
export interface RecordsText {
  /** Null: there is no record to show. */
  readonly utf8: Uint8Array | null
  readonly characters: number
  /** Where to read on. */
  readonly nextOffset: Offset
}

interface Made {
  readonly batches: FetchResult['batches']
  readonly offset: Offset
  readonly text: RecordsText
}

/**
 * Makes the JSON of the same batches once for all subscribers that get them in one turn of the event loop, which is
 * most of those that wait at the end of a partition. For each alone, a batch of 1 MB and a thousand subscribers would
 * take seconds and 1 GB.
 */
export class SharedTexts {
  readonly #clock: Clock
  readonly #made = new Map<Uint8Array, Made[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws as `readRun` does, for each caller anew. */
  of(result: FetchResult, offset: Offset): RecordsText {
    const [first] = result.batches
    if (first === undefined) return { utf8: null, characters: 0, nextOffset: Math.max(result.nextOffset, offset) }
    const known = this.#made.get(first)
    const same = known?.find((made) => made.offset === offset && areSame(made.batches, result.batches))
    if (same !== undefined) return same.text
    const text = textOf(result, offset)
    if (this.#made.size === 0) this.#clock.soon(() => this.#made.clear())
    const made = { batches: result.batches, offset, text }
    if (known === undefined) this.#made.set(first, [made])
    else known.push(made)
    return text
  }
}

function textOf(result: FetchResult, offset: Offset): RecordsText {
  const { records, nextOffset } = readRun(result, offset, maxMessageBytes)
  if (records.length === 0) return { utf8: null, characters: 0, nextOffset }
  const text = JSON.stringify(records)
  return { utf8: Buffer.from(text, 'utf8'), characters: text.length, nextOffset }
}

function areSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some === others || (some.length === others.length && some.every((batch, at) => batch === others[at]))
}
