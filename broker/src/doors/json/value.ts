import { Buffer, isUtf8 } from 'node:buffer'
import { TailraceError } from '@tailrace/schemas/tailrace-error'

/** Bytes in JSON: a string where they are UTF-8, else `{"base64": "…"}`; null where there are none. */
export type JsonBytes = string | { base64: string } | null

const base64Form = /^[A-Za-z0-9+/]*={0,2}$/

/** `at` names the place for the reader of the error, e.g. `records[3].value`. Throws INVALID_RECORD. */
export function bytesFromJson(value: unknown, at: string): Uint8Array | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') {
    // A lone surrogate has no UTF-8 form: encoding it would store another text than was sent.
    if (!value.isWellFormed()) throw new TailraceError('INVALID_RECORD', `${at} holds half of a surrogate pair.`)
    return Buffer.from(value, 'utf8')
  }
  // Numbers, booleans and lists have no such key.
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === 'base64') return bytesFromBase64((value as { base64: unknown }).base64, at)
  throw new TailraceError(
    'INVALID_RECORD',
    `${at} is ${nameOf(value)}; send a string (JSON.stringify it where it is JSON), null, or {"base64": "…"}.`,
  )
}

/** The bytes as JSON shows them. */
export function bytesToJson(bytes: Uint8Array | null): JsonBytes {
  if (bytes === null) return null
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(view) ? view.toString('utf8') : { base64: view.toString('base64') }
}

function bytesFromBase64(text: unknown, at: string): Uint8Array {
  // Buffer.from skips characters that are not base64, so that a typing error would be stored as other bytes.
  if (typeof text !== 'string' || text.length % 4 !== 0 || !base64Form.test(text)) {
    throw new TailraceError('INVALID_RECORD', `${at}.base64 is not base64 (A-Z a-z 0-9 + /, padded with =).`)
  }
  return Buffer.from(text, 'base64')
}

/** "an object", "a number": the type of a JSON value, for error messages. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
