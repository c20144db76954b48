import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import { type BatchCounts, countBatches } from '../limits/batch-counts.ts'

/** Clients choose the ids that messages differ by: of so many the message is kept. */
const mostKept = 64

/**
 * What one read of a partition brings, and what the doors make of it: each thing is made once, however many readers get
 * it.
 */
export class Delivery {
  readonly found: FetchResult
  /** The first offset that is wanted of `found`. */
  readonly offset: Offset
  readonly #forms = new Map<string, unknown>()
  readonly #messages = new Map<string, readonly Uint8Array[]>()
  #counts: BatchCounts | null = null

  constructor(found: FetchResult, offset: Offset) {
    this.found = found
    this.offset = offset
  }

  get counts(): BatchCounts {
    this.#counts ??= countBatches(this.found.batches)
    return this.#counts
  }

  /** `name`: of a form that code has, always made in the same way. Throws as `make` does, each time anew. */
  form<Form>(name: string, make: () => Form): Form {
    if (!this.#forms.has(name)) this.#forms.set(name, make())
    return this.#forms.get(name) as Form
  }

  /** A message for all clients that have chosen the same ids. `key`: the protocol and the ids. */
  message(key: string, make: () => readonly Uint8Array[]): readonly Uint8Array[] {
    const known = this.#messages.get(key)
    if (known !== undefined) return known
    const made = make()
    if (this.#messages.size < mostKept) this.#messages.set(key, made)
    return made
  }
}
