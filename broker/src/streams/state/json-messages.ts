import { isUtf8 } from 'node:buffer'
import { TailraceError } from '@tailrace/schemas'

const [QUOTE, ESCAPE, COMMA] = [0x22, 0x5c, 0x2c]
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])
const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * The messages of a body, with a comma behind each: those of an array, or the one value. Their text stays as it was
 * sent, so that no number loses digits. An empty array has none.
 * @throws TailraceError INVALID_REQUEST: it is no JSON
 */
export function messagesOf(body: Uint8Array): Uint8Array {
  const bytes = trimmed(body)
  try {
    if (!isUtf8(bytes)) throw new Error('it is not UTF-8')
    // A mark of the byte order is no part of JSON.
    JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new TailraceError('INVALID_REQUEST', `The body is no JSON: ${(cause as Error).message}.`, { cause })
  }
  if (bytes[0] !== 0x5b) return joined([bytes])
  const inner = trimmed(bytes.subarray(1, -1))
  if (inner.length === 0) return inner
  return joined(partsOf(inner).map(trimmed))
}

/** The place behind so many messages with a comma each; -1: there are not so many. */
export function behindMessages(stored: Uint8Array, count: number): number {
  let at = 0
  for (let left = count; left > 0; left--) {
    if (at >= stored.length) return -1
    at = endOfPart(stored, at) + 1
  }
  return at <= stored.length ? at : -1
}

/** Whether a message begins at this place of what `messagesOf` has made. */
export function isBoundary(stored: Uint8Array, at: number): boolean {
  let place = 0
  while (place < at && place < stored.length) place = endOfPart(stored, place) + 1
  return place === at
}

/** An array of stored messages. */
export function arrayOf(stored: Uint8Array): Uint8Array {
  const array = new Uint8Array(Math.max(1, stored.length) + 1)
  array[0] = 0x5b
  array.set(stored.subarray(0, -1), 1)
  array[array.length - 1] = 0x5d
  return array
}

function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at <= bytes.length; ) {
    const end = endOfPart(bytes, at)
    parts.push(bytes.subarray(at, end))
    at = end + 1
  }
  return parts
}

/** The comma behind the value that begins here, or the end. */
function endOfPart(bytes: Uint8Array, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (OPENING.has(byte)) depth++
    else if (CLOSING.has(byte)) depth--
    else if (byte === COMMA && depth === 0) return at
  }
  return bytes.length
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === ESCAPE ? 2 : 1
  return at
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length]
  while (start < end && SPACE.has(bytes[start]!)) start++
  while (end > start && SPACE.has(bytes[end - 1]!)) end--
  return bytes.subarray(start, end)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length + 1
    bytes[at - 1] = COMMA
  }
  return bytes
}
