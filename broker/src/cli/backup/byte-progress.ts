import type { Clock } from '../../platform/clock.ts'
import { sizeText } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'

const EVERY_MS = 200

/** A line of progress for a person who watches. */
export class ByteProgress {
  bytes = 0
  readonly #terminal: Pick<Terminal, 'watched' | 'draw'>
  readonly #clock: Clock
  readonly #done: string
  readonly #startedAt: number
  #shownAt: number
  #isShown = false

  /** `done`: what has been done to the bytes, like "copied". */
  constructor(terminal: Pick<Terminal, 'watched' | 'draw'>, clock: Clock, done: string) {
    this.#terminal = terminal
    this.#clock = clock
    this.#done = done
    this.#startedAt = clock.monotonic()
    this.#shownAt = this.#startedAt
  }

  add(bytes: number): void {
    this.bytes += bytes
    const now = this.#clock.monotonic()
    if (!this.#terminal.watched || now - this.#shownAt < EVERY_MS) return
    this.#shownAt = now
    this.#isShown = true
    const perSecond = (this.bytes * 1000) / (now - this.#startedAt)
    this.#terminal.draw(`\r\x1b[K${this.#done} ${sizeText(this.bytes)}  ${sizeText(Math.round(perSecond))}/s`)
  }

  /** Clears the line. */
  end(): void {
    if (this.#isShown) this.#terminal.draw('\r\x1b[K')
    this.#isShown = false
  }
}
