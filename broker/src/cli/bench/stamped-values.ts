import { Buffer } from 'node:buffer'
import type { Random } from '../../platform/random.ts'

/** The least size of a value: the run that it belongs to, and when it was to be sent. */
export const leastValueBytes = 16
const RUN_BYTES = 8

/** Values that tell when they were to be sent, by the clock of the process that made them. */
export class StampedValues {
  readonly #run: Uint8Array
  readonly #filling: Uint8Array

  /** `size`: bytes of a value. */
  constructor(size: number, random: Random) {
    this.#run = random.secret(RUN_BYTES)
    // Printable and without a pattern, so that compression finds about as much as in text.
    this.#filling = Buffer.alloc(size)
    for (let at = 0; at < size; at++) this.#filling[at] = 0x41 + random.below(26)
    this.#filling.set(this.#run)
  }

  /** `at`: monotonic milliseconds. */
  at(at: number): Uint8Array {
    const value = Buffer.from(this.#filling)
    value.writeDoubleBE(at, RUN_BYTES)
    return value
  }

  /** Null: a value of another run, or of nobody's. */
  sentAt(value: Uint8Array | null): number | null {
    if (value === null || value.length < leastValueBytes) return null
    for (let at = 0; at < RUN_BYTES; at++) if (value[at] !== this.#run[at]) return null
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).readDoubleBE(RUN_BYTES)
  }
}
