import { TailraceError } from '@tailrace/schemas'
import { type Codec, present } from './codec.ts'

/** What is used of a type of the package `avsc`: programs that want Avro bring it. */
export interface AvroType {
  // biome-ignore lint/suspicious/noExplicitAny: avsc declares its values so
  toBuffer(value: any): Uint8Array
  // biome-ignore lint/suspicious/noExplicitAny: avsc takes Buffers alone, which browsers do not have
  fromBuffer(bytes: any): any
}

interface Buffers {
  from(buffer: ArrayBufferLike, start: number, length: number): Uint8Array
}

/**
 * Avro's binary encoding by a type of `avsc`, without a header: readers need the schema of the writer, or a type of
 * `avsc` of their own that resolves it. In a browser avsc needs a global `Buffer`.
 * @throws TailraceError INVALID_SETTING
 */
export function avro<Value = unknown>(type: AvroType): Codec<Value> {
  if (typeof type?.toBuffer !== 'function' || typeof type.fromBuffer !== 'function') {
    throw new TailraceError('INVALID_SETTING', 'avro: it is no type of avsc, such as Type.forSchema(…) gives.')
  }
  return {
    encode: (value) => type.toBuffer(value),
    decode: (given) => type.fromBuffer(asBuffer(present(given))) as Value,
  }
}

function asBuffer(given: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: Buffers }
  return Buffer === undefined ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength)
}
