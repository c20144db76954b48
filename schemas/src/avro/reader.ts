import { shortText } from '../short-text.ts'

/** As of every long of this protocol: the safe integers but the outermost of each sign. */
const MAX_LONG = Number.MAX_SAFE_INTEGER - 1

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const noBytes = new Uint8Array(0)

/**
 * Reads Avro values one after the other. What is past the end or out of range throws a RangeError; nothing is allocated
 * for a length or a count before it was held against the bytes that are there.
 */
export class AvroReader {
  #bytes: Uint8Array = noBytes
  #at = 0

  /** From now on `bytes` are read. */
  start(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#at = 0
  }

  /** Throws unless all bytes have been read, and holds them no longer. */
  finish(): void {
    const rest = this.#bytes.length - this.#at
    this.#bytes = noBytes
    if (rest !== 0) throw new RangeError(`${rest} bytes are left`)
  }

  boolean(): boolean {
    return this.#byte() !== 0
  }

  int(): number {
    const value = this.long()
    if (value !== (value | 0)) throw new RangeError(`${value} as an int`)
    return value
  }

  long(): number {
    const first = this.#byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let low = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    return this.#longAbove(low)
  }

  /** The rest of a long whose lowest 28 bits of zigzag are `low`. */
  #longAbove(low: number): number {
    let high = 0
    let scale = 1
    let byte: number
    do {
      byte = this.#byte()
      high += (byte & 0x7f) * scale
      scale *= 128
    } while (byte >= 0x80)
    // Halved before they are added: the zigzag itself may need 54 bits.
    const half = high * 2 ** 27 + (low >>> 1)
    const value = (low & 1) === 0 ? half : -half - 1
    if (!(value >= -MAX_LONG && value <= MAX_LONG)) throw new RangeError('a long outside the safe integers')
    return value
  }

  string(): string {
    const length = this.#length()
    const from = this.#at
    this.#at = from + length
    return shortText(this.#bytes, from, this.#at) ?? utf8.decode(this.#bytes.subarray(from, this.#at))
  }

  symbol<Symbol extends string>(symbols: readonly Symbol[]): Symbol {
    return symbols[this.branch(symbols.length)]!
  }

  /** Which of `count` branches of a union comes. */
  branch(count: number): number {
    const index = this.long()
    if (!(index >= 0 && index < count)) throw new RangeError(`number ${index} of ${count}`)
    return index
  }

  /** An array of `most` items at most. */
  list<Item>(most: number, read: (from: AvroReader) => Item): Item[] {
    const items: Item[] = []
    for (let count = this.block(0, most); count > 0; count = this.block(items.length, most)) {
      while (count-- > 0) items.push(read(this))
    }
    return items
  }

  /**
   * Items in the next block of an array of which `before` items have come; a negative count is followed by the size of
   * the block, which is not needed here. A count is checked before an item is read: against the bytes that are there,
   * since every item of ours takes at least one, and against `most`, since one byte becomes some ten bytes of objects.
   */
  block(before: number, most: number): number {
    let count = this.long()
    if (count < 0) {
      count = -count
      this.skipLong()
    }
    if (count > this.#bytes.length - this.#at || before + count > this.#bytes.length)
      throw new RangeError(`an array of ${count} items`)
    if (before + count > most) throw new RangeError(`an array of ${before + count} items, ${most} are allowed`)
    return count
  }

  skip(bytes: number): void {
    if (bytes > this.#bytes.length - this.#at) throw new RangeError('truncated')
    this.#at += bytes
  }

  skipLong(): void {
    while (this.#byte() >= 0x80);
  }

  /** A string, or bytes. */
  skipString(): void {
    const length = this.#length()
    this.#at += length
  }

  #length(): number {
    const length = this.long()
    if (!(length >= 0 && length <= this.#bytes.length - this.#at)) throw new RangeError(`a length of ${length} bytes`)
    return length
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('truncated')
    return byte
  }
}
