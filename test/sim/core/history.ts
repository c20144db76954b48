/** The history, as a digest that two runs of one seed must share, and on demand as lines for people. */
export class History {
  events = 0
  readonly #trace: ((line: string) => void) | null
  #high = 0x811c9dc5 | 0
  #low = 0x01234567 | 0

  constructor(trace: ((line: string) => void) | null) {
    this.#trace = trace
  }

  /** Notes one event at virtual time `now` (microseconds). `describe` is called only when a trace is printed. */
  note(now: number, kind: number, broker: number, a: number, b: number, describe: () => string): void {
    this.events++
    this.#mix(now)
    this.#mix(kind * 16 + broker)
    this.#mix(a)
    this.#mix(b)
    if (this.#trace !== null) this.#trace(`${(now / 1000).toFixed(3).padStart(10)} ${describe()}`)
  }

  get digest(): string {
    return hex(this.#high) + hex(this.#low)
  }

  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x01000193)
    this.#low = (Math.imul(this.#low, 31) + value + (this.#high >>> 15)) | 0
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
