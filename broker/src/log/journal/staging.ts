import type { Crc32c } from '../../platform/checksum.ts'
import { BLOCK_BYTES, BLOCK_CONTENT_BYTES, BLOCK_HEADER_BYTES, NO_RECORD, sealBlock } from './block.ts'

const FIRST_BYTES = 64 * 1024
/** A larger buffer is released when so many rounds in a row have not needed it: to make one costs more than a round. */
const KEPT_BYTES = 4 * 1024 * 1024
const ROUNDS_KEPT = 16

/** Collects a round's records, cut into blocks, in one buffer that every round uses again. */
export class Staging {
  readonly #crc: Crc32c
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  /** How many entries the round holds, as its writers count them. */
  entries = 0
  /** Content bytes of each block, and where its first record begins. */
  #used: number[] = []
  #firstRecord: number[] = []
  /** Content bytes of the round. */
  #content = 0
  #smallRounds = 0

  constructor(crc: Crc32c) {
    this.#crc = crc
  }

  get empty(): boolean {
    return this.#used.length === 0
  }

  get blocks(): number {
    return this.#used.length
  }

  /** Content bytes so far. */
  get contentBytes(): number {
    return this.#content
  }

  get memoryBytes(): number {
    return this.#bytes.length
  }

  clear(): void {
    this.#smallRounds = this.#used.length * BLOCK_BYTES > KEPT_BYTES ? 0 : this.#smallRounds + 1
    this.#used.length = 0
    this.#firstRecord.length = 0
    this.#content = 0
    this.entries = 0
    if (this.#bytes.length > KEPT_BYTES && this.#smallRounds >= ROUNDS_KEPT) this.#resize(FIRST_BYTES)
  }

  /** The next `put` begins a record. */
  beginRecord(): void {
    const at = this.#openBlock()
    if (this.#firstRecord[at] === NO_RECORD) this.#firstRecord[at] = this.#used[at]!
  }

  /** Appends a copy of source[from, to). */
  put(source: Uint8Array, from: number, to: number): void {
    this.#content += to - from
    while (from < to) {
      const block = this.#openBlock()
      const used = this.#used[block]!
      const count = Math.min(to - from, BLOCK_CONTENT_BYTES - used)
      const whole = from === 0 && count === source.length
      this.#bytes.set(
        whole ? source : source.subarray(from, from + count),
        block * BLOCK_BYTES + BLOCK_HEADER_BYTES + used,
      )
      this.#used[block] = used + count
      from += count
    }
  }

  /** Writes the block headers. The result is valid until the next `clear`. */
  seal(sequence: number, epoch: number): Uint8Array {
    const roundBlocks = this.#used.length
    for (let i = 0; i < roundBlocks; i++) {
      const used = this.#used[i]!
      const firstRecord = this.#firstRecord[i]!
      const header = { sequence: sequence + i, epoch, roundBlocks, placeInRound: i, used, firstRecord }
      sealBlock(this.#bytes, this.#view, i * BLOCK_BYTES, header, this.#crc)
    }
    return this.#bytes.subarray(0, roundBlocks * BLOCK_BYTES)
  }

  /** The number of the block that takes the next byte. */
  #openBlock(): number {
    const last = this.#used.length - 1
    if (last >= 0 && this.#used[last]! < BLOCK_CONTENT_BYTES) return last
    const needed = (last + 2) * BLOCK_BYTES
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2))
    this.#used.push(0)
    this.#firstRecord.push(NO_RECORD)
    return last + 1
  }

  #resize(length: number): void {
    const old = this.#bytes
    this.#bytes = new Uint8Array(length)
    this.#view = new DataView(this.#bytes.buffer)
    if (this.#used.length > 0) this.#bytes.set(old.subarray(0, Math.min(old.length, length)))
  }
}
