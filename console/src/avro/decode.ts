import type { Schema } from './schema.ts'

/** Of a value: bytes that are no Avro may claim lists of any length and any depth. */
const MOST_VALUES = 100_000
const MOST_DEPTH = 100

/** Bytes before a value that name its schema: of a schema registry, of the single-object encoding. */
const headers = [
  { begins: [0xc3, 0x01], bytes: 10 },
  { begins: [0x00], bytes: 5 },
  { begins: [], bytes: 0 },
] as const

/**
 * The value as JSON: numbers with all their digits, bytes as a text of code points 0 to 255, a union as what it holds.
 * A header that names a schema is skipped.
 * @throws Error: it is not of this schema
 */
export function avroText(bytes: Uint8Array, schema: Schema): string {
  let failure = new Error('It is empty.')
  for (const header of headers) {
    if (bytes.length < header.bytes || header.begins.some((byte, at) => bytes[at] !== byte)) continue
    try {
      const reader = new AvroReader(bytes.subarray(header.bytes))
      const text = reader.text(schema)
      reader.end()
      return text
    } catch (error) {
      failure = error as Error
    }
  }
  throw failure
}

class AvroReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #values = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Error(`${this.#bytes.length - this.#at} bytes are left over.`)
  }

  text(schema: Schema, depth = 0): string {
    if (++this.#values > MOST_VALUES || depth > MOST_DEPTH) throw new Error('It has too many values.')
    switch (schema.kind) {
      case 'null':
        return 'null'
      case 'boolean':
        return String(this.#view.getUint8(this.#skip(1)) !== 0)
      case 'int':
      case 'long':
        return String(this.#long())
      case 'float':
        return numberText(this.#view.getFloat32(this.#skip(4), true))
      case 'double':
        return numberText(this.#view.getFloat64(this.#skip(8), true))
      case 'bytes':
        return latin1(this.#take(this.#length()))
      case 'fixed':
        return latin1(this.#take(schema.bytes))
      case 'string':
        return this.#string()
      case 'enum':
        return JSON.stringify(chosen(schema.symbols, this.#length()))
      case 'union':
        return this.text(chosen(schema.options, this.#length()), depth + 1)
      case 'array':
        return `[${this.#blocks(() => this.text(schema.of, depth + 1))}]`
      case 'map':
        return `{${this.#blocks(() => `${this.#string()}:${this.text(schema.of, depth + 1)}`)}}`
      case 'record':
        return `{${schema.fields.map(({ name, of }) => `${JSON.stringify(name)}:${this.text(of, depth + 1)}`)}}`
    }
  }

  #blocks(one: () => string): string[] {
    const texts: string[] = []
    for (let left = this.#long(); left !== 0n; left = this.#long()) {
      // A negative count is followed by the bytes of its block.
      if (left < 0n) this.#long()
      for (let n = left < 0n ? -left : left; n > 0n; n--) texts.push(one())
    }
    return texts
  }

  #string(): string {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true }).decode(this.#take(this.#length())))
  }

  /** Zigzag, in groups of seven bits. */
  #long(): bigint {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = this.#view.getUint8(this.#skip(1))
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n)
      shift += 7n
      if (shift > 63n) throw new Error('A number is too long.')
    }
  }

  #length(): number {
    const length = this.#long()
    if (length < 0n || length > BigInt(this.#bytes.length)) throw new Error(`${length} is no length.`)
    return Number(length)
  }

  #take(bytes: number): Uint8Array {
    const at = this.#skip(bytes)
    return this.#bytes.subarray(at, at + bytes)
  }

  /** Returns where these bytes begin. */
  #skip(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#bytes.length) throw new Error('It ends too early.')
    this.#at = at + bytes
    return at
  }
}

function chosen<One>(all: readonly One[], at: number): One {
  const one = all[at]
  if (one === undefined) throw new Error(`There is no choice ${at}.`)
  return one
}

/** JSON has no number for what is not finite. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : JSON.stringify(String(value))
}

function latin1(bytes: Uint8Array): string {
  return JSON.stringify(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
