export interface SnapshotRules {
  /** Bytes committed since the last snapshot from which on another is due. */
  readonly bytes: number
  /** Milliseconds since the last one, after which another is due if anything was committed since. */
  readonly ms: number
  /** Milliseconds between two at least, however much is committed. */
  readonly minGapMs: number
}

/** When a group with a state machine takes a snapshot: after so many bytes or so long, but not too often (M43). */
export class SnapshotPolicy {
  readonly #rules: SnapshotRules
  #bytes = 0
  #takenAt: number

  constructor(rules: SnapshotRules, now: number) {
    this.#rules = rules
    this.#takenAt = now
  }

  committed(bytes: number): void {
    this.#bytes += bytes
  }

  /** `now` in milliseconds of a clock that never goes back. */
  due(now: number): boolean {
    const { bytes, ms, minGapMs } = this.#rules
    const age = now - this.#takenAt
    return age >= minGapMs && (this.#bytes >= bytes || (this.#bytes > 0 && age >= ms))
  }

  taken(now: number): void {
    this.#bytes = 0
    this.#takenAt = now
  }
}
