import { MAX_VARLONG_BYTES, writeVarlong } from '../varint.ts'

/** Headers are cut out of blocks: memory of their own costs more than writing them. */
const BLOCK_BYTES = 8192
/** Longer headers get memory of their own: a block is kept as long as one header out of it is. */
const MAX_SHARED_BYTES = 1024
/** In one byte of length. Writing them one by one is faster than a TextEncoder. */
const MAX_SHORT_STRING_LENGTH = 63
/** As of every long of this protocol: the safe integers but the outermost of each sign. */
const MAX_LONG = Number.MAX_SAFE_INTEGER - 1
const MAX_QUOTED_LENGTH = 50

const utf8 = new TextEncoder()

export type Fields = Readonly<Record<string, unknown>>

/** Writes Avro values one after the other. Throws a TypeError for a value that is not of the type. */
export class AvroWriter {
  #bytes = new Uint8Array(BLOCK_BYTES)
  /** Where the value begins, its reserved bytes included. What is before was given away. */
  #from = 0
  #at = 0

  /** Begins a value behind `reserved` bytes of any contents. */
  start(reserved: number): void {
    if (this.#bytes.length !== BLOCK_BYTES) {
      this.#bytes = new Uint8Array(BLOCK_BYTES)
      this.#from = 0
    }
    this.#at = this.#from
    this.#need(reserved)
    this.#at += reserved
  }

  /** The reserved bytes and what has been written since start(). */
  finish(): Uint8Array {
    const written = this.#bytes.subarray(this.#from, this.#at)
    if (written.length > MAX_SHARED_BYTES) return written.slice()
    this.#from = this.#at
    return written
  }

  boolean(value: unknown): void {
    if (typeof value !== 'boolean') this.invalid('boolean', value)
    this.#need(1)
    this.#bytes[this.#at++] = value ? 1 : 0
  }

  int(value: unknown): void {
    if (typeof value !== 'number' || value !== (value | 0)) this.invalid('int', value)
    this.#varlong(value)
  }

  long(value: unknown): void {
    if (typeof value !== 'number' || value % 1 !== 0 || value < -MAX_LONG || value > MAX_LONG)
      this.invalid('long', value)
    this.#varlong(value)
  }

  string(value: unknown): void {
    if (typeof value !== 'string') this.invalid('string', value)
    if (value.length > MAX_SHORT_STRING_LENGTH || !this.#ascii(value)) this.#encoded(value)
  }

  symbol(symbols: readonly string[], value: unknown): void {
    const index = symbols.indexOf(value as string)
    if (index === -1) this.invalid(symbols.join(' or '), value)
    this.branch(index)
  }

  /** Which branch of a union follows. */
  branch(index: number): void {
    this.#varlong(index)
  }

  /** Writes which branch of a union of null and another type follows; false: it was null. */
  present(value: unknown): boolean {
    this.#need(1)
    this.#bytes[this.#at++] = value === null ? 0 : 2
    return value !== null
  }

  /** All items in one block. */
  list(value: unknown, write: (to: AvroWriter, item: unknown) => void): void {
    if (!Array.isArray(value)) this.invalid('array', value)
    if (value.length > 0) {
      this.long(value.length)
      for (let i = 0; i < value.length; i++) write(this, value[i])
    }
    this.branch(0)
  }

  record(value: unknown): Fields {
    if (typeof value !== 'object' || value === null) this.invalid('record', value)
    return value as Fields
  }

  invalid(type: string, value: unknown): never {
    const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_QUOTED_LENGTH)) : String(value)
    throw new TypeError(`${shown} is no ${type}`)
  }

  #varlong(value: number): void {
    this.#need(MAX_VARLONG_BYTES)
    this.#at = writeVarlong(this.#bytes, this.#at, value)
  }

  /** False: `value` has other characters, and nothing was written. */
  #ascii(value: string): boolean {
    const { length } = value
    this.#need(1 + length)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = length << 1
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      bytes[at++] = code
    }
    this.#at = at
    return true
  }

  #encoded(value: string): void {
    const encoded = utf8.encode(value)
    this.long(encoded.length)
    this.#need(encoded.length)
    this.#bytes.set(encoded, this.#at)
    this.#at += encoded.length
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const written = this.#bytes.subarray(this.#from, this.#at)
    const least = written.length + bytes
    this.#bytes = new Uint8Array(least <= BLOCK_BYTES ? BLOCK_BYTES : 2 * least)
    this.#bytes.set(written)
    this.#from = 0
    this.#at = written.length
  }
}
