import { shortText, TailraceError } from '@tailrace/schemas'

/**
 * Turns the values, or the keys, of a topic into bytes and back. `In`: what is sent; `Out`: what is read. Both
 * functions are synchronous, and throw an error that says what is wrong with the value.
 */
export interface Codec<In, Out = In> {
  /** Bytes, or a text that travels as UTF-8; null: the record has none. */
  encode(value: In): Uint8Array | string | null
  /** `bytes`: a view into what was received, to be copied where it is kept for long; null: the record has none. */
  decode(bytes: Uint8Array | null): Out
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text, as UTF-8. */
export function text(): Codec<string> {
  return textCodec
}

/** Bytes as they are. What is read is a view into what was received. */
export function bytes(): Codec<Uint8Array> {
  return bytesCodec
}

/** The same, or null: a record that has no key, or no value. */
export function nullable<In, Out>(codec: Codec<In, Out>): Codec<In | null, Out | null> {
  return {
    encode: (value) => (value === null ? null : codec.encode(value)),
    decode: (given) => (given === null ? null : codec.decode(given)),
  }
}

/** @throws TailraceError INVALID_RECORD */
export function present(given: Uint8Array | null): Uint8Array {
  if (given === null) throw new TailraceError('INVALID_RECORD', 'There is none: it is null.')
  return given
}

/** @throws TypeError it is not UTF-8 */
export function textIn(given: Uint8Array): string {
  return shortText(given, 0, given.length) ?? decoder.decode(given)
}

const textCodec: Codec<string> = {
  encode(value) {
    if (typeof value === 'string') return value
    throw new TailraceError('INVALID_RECORD', `It must be text, not ${value === null ? 'null' : typeof value}.`)
  },
  decode: (given) => textIn(present(given)),
}

const bytesCodec: Codec<Uint8Array> = {
  encode(value) {
    if (value instanceof Uint8Array) return value
    throw new TailraceError('INVALID_RECORD', 'It is no Uint8Array.')
  },
  decode: present,
}
