/** The history, as a digest that two runs of one seed must share, and on demand as lines for people. */
export class Chronicle {
  readonly #trace: ((line: string) => void) | null
  #high = 0x811c9dc5 | 0
  #low = 0x01234567 | 0

  constructor(trace: ((line: string) => void) | null) {
    this.#trace = trace
  }

  get isRead(): boolean {
    return this.#trace !== null
  }

  get digest(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** An event at virtual time `now`, in microseconds: that there was one, and when, is part of the digest. */
  event(now: number): void {
    this.#high = Math.imul(this.#high ^ now, 0x01000193)
    this.#low = (Math.imul(this.#low, 31) + now + (this.#high >>> 15)) | 0
  }

  /** An event worth a line; part of the digest. */
  note(now: number, text: string): void {
    for (let at = 0; at < text.length; at++) this.event(text.charCodeAt(at))
    this.comment(now, text)
  }

  /** For people only; not part of the digest. */
  comment(now: number, text: string): void {
    this.#trace?.(`${(now / 1000).toFixed(3).padStart(10)} ${text}`)
  }
}
