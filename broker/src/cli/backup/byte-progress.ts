import type { Clock } from '../../platform/clock.ts'
import { drawnLine } from '../drawn-line.ts'
import { sizeText } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'

/** How many bytes have been worked through, shown until `end` to a person who watches. */
export class ByteProgress {
  bytes = 0
  readonly #line: { end(): void }

  /** `done`: what has been done to the bytes, like "copied". */
  constructor(terminal: Pick<Terminal, 'watched' | 'columns' | 'draw'>, clock: Clock, done: string) {
    const startedAt = clock.monotonic()
    this.#line = drawnLine(terminal, clock, () => {
      const perSecond = (this.bytes * 1000) / (clock.monotonic() - startedAt)
      return `${done} ${sizeText(this.bytes)}  ${sizeText(Math.round(perSecond))}/s`
    })
  }

  add(bytes: number): void {
    this.bytes += bytes
  }

  /** Clears the line. */
  end(): void {
    this.#line.end()
  }
}
