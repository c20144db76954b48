import { createHash } from 'node:crypto'

/** Lines that a failure shows. */
const LAST_LINES = 40

/**
 * All that happens in a run, in order: each event, each piece of bytes that arrives, each line of a broker's log, each
 * fault and note. Two runs of a seed have the same hash.
 */
export class History {
  readonly #hash = createHash('sha256')
  readonly #trace: ((line: string) => void) | undefined
  readonly #now: () => number
  readonly #last: string[] = []
  #hasEnded = false

  /** `now`: milliseconds since the start. `trace`: gets each line. */
  constructor(now: () => number, trace: ((line: string) => void) | undefined) {
    this.#now = now
    this.#trace = trace
  }

  /** Too fine to be shown after a failure. */
  event(text: string): void {
    if (this.#hasEnded) return
    const line = `${this.#now().toFixed(3)} ${text}`
    this.#hash.update(`${line}\n`)
    this.#trace?.(line)
  }

  tell(text: string): void {
    this.event(text)
    if (this.#last.push(`${this.#now().toFixed(3)} ms: ${text}`) > LAST_LINES) this.#last.shift()
  }

  /** The last lines that tell of faults, logs and notes. */
  get last(): readonly string[] {
    return [...this.#last]
  }

  /** SHA-256 of all lines, in hexadecimal digits. What happens after the call is no part of the history. */
  end(): string {
    this.#hasEnded = true
    return this.#hash.digest('hex')
  }
}
