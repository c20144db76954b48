/** Lines that were sent together, as one call. */
export interface SentLines {
  /** Records in them. */
  readonly count: number
  readonly bytes: number
  /** Numbers of the first and of the last line with a record. */
  readonly first: number
  readonly last: number
}

/**
 * Records sent and not yet acknowledged, bounded in number and bytes, so that a file of any size is published in the
 * same memory. `add` never waits; the caller awaits `room()` before the next one.
 */
export class InFlight {
  acknowledged = 0
  acknowledgedBytes = 0
  /** The first send that failed. */
  failure: (SentLines & { readonly error: unknown }) | null = null
  readonly #maxRecords: number
  readonly #maxBytes: number
  #records = 0
  #bytes = 0
  #waiting: { readonly records: number; readonly bytes: number; resolve(): void } | null = null

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords
    this.#maxBytes = maxBytes
  }

  add(sent: Promise<unknown>, lines: SentLines): void {
    this.#records += lines.count
    this.#bytes += lines.bytes
    sent.then(
      () => this.#settle(lines, null),
      (error: unknown) => this.#settle(lines, { ...lines, error }),
    )
  }

  get full(): boolean {
    return this.#records >= this.#maxRecords || this.#bytes >= this.#maxBytes
  }

  /** Resolves when half of the room is free again (so that waking up is worth it), or when a send has failed. */
  room(): Promise<void> {
    return this.#below(this.#maxRecords / 2, this.#maxBytes / 2)
  }

  /** Resolves when every send has been acknowledged or has failed. */
  settled(): Promise<void> {
    return this.#below(0, 0)
  }

  #below(records: number, bytes: number): Promise<void> {
    if (this.#records <= records && this.#bytes <= bytes) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = { records, bytes, resolve }
    })
  }

  #settle({ count, bytes }: SentLines, failure: InFlight['failure']): void {
    this.#records -= count
    this.#bytes -= bytes
    if (failure === null) {
      this.acknowledged += count
      this.acknowledgedBytes += bytes
    } else {
      this.failure ??= failure
    }
    const waiting = this.#waiting
    if (waiting === null || this.#records > waiting.records || this.#bytes > waiting.bytes) return
    this.#waiting = null
    waiting.resolve()
  }
}
