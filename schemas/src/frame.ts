import { frameFormatVersion } from './formats/client-formats.ts'
import type { Message, MessageName } from './messages.ts'
import { encodeHeader, type MessageDecoder, messageName, messageNumber, ownDecoder } from './protocol.ts'
import { uint32At, writeInt16, writeInt32 } from './record-batch/numbers.ts'
import { TailraceError } from './tailrace-error.ts'

/**
 * A frame of the Tailrace protocol, big-endian:
 *
 *     0  uint32  bytes after this field
 *     4  uint8   layout of the frame, 1
 *     5  uint8   flags, 0
 *     6  uint16  message number
 *     8  uint32  bytes of the Avro header
 *    12  ...     Avro header, then the body to the end: raw batch bytes that Avro never sees
 *
 * Over TCP frames follow each other; a WebSocket message holds exactly one.
 */
export const FRAME_PREFIX_BYTES = 12
export const FRAME_LENGTH_BYTES = 4
const FRAME_LAYOUT = frameFormatVersion
/** Decoding turns a byte into some ten bytes of objects, so headers are held shorter than bodies may be. */
export const MAX_FRAME_HEADER_BYTES = 4 * 1024 * 1024

/** `body` is a view into the bytes that the frame was read from. */
export type Frame = { [Name in MessageName]: FrameOf<Name> }[MessageName]
export interface FrameOf<Name extends MessageName> {
  readonly name: Name
  readonly fields: Message<Name>
  readonly body: Uint8Array
}

/**
 * The pieces of a frame, to be written one after the other: prefix and Avro header in one small buffer, then `body`
 * untouched.
 * @throws TailraceError INVALID_REQUEST when a field is missing or of the wrong type
 */
export function encodeFrame<Name extends MessageName>(
  name: Name,
  fields: Message<Name>,
  body: readonly Uint8Array[] = [],
): Uint8Array[] {
  const head = encodeHeader(name, fields, FRAME_PREFIX_BYTES)
  const pieces = [head]
  let bytes = head.length - FRAME_LENGTH_BYTES
  for (const piece of body) {
    bytes += piece.length
    pieces.push(piece)
  }
  writeInt32(head, 0, bytes)
  head[4] = FRAME_LAYOUT
  head[5] = 0
  writeInt16(head, 6, messageNumber(name))
  writeInt32(head, 8, head.length - FRAME_PREFIX_BYTES)
  return pieces
}

/**
 * Reads bytes that are exactly one frame.
 * @param maxFrameBytes the longest frame that is taken, its length field included
 * @throws TailraceError MALFORMED_FRAME, UNSUPPORTED_MESSAGE or FRAME_TOO_LARGE
 */
export function parseFrame(bytes: Uint8Array, decoder: MessageDecoder = ownDecoder, maxFrameBytes = Infinity): Frame {
  if (bytes.length < FRAME_PREFIX_BYTES) malformed(`${bytes.length} bytes are less than a frame's prefix`)
  const frameBytes = checkPrefix(bytes, 0, maxFrameBytes)
  if (frameBytes !== bytes.length) malformed(`it says ${frameBytes} bytes, there are ${bytes.length}`)
  return frameAt(bytes, 0, frameBytes, decoder)
}

/**
 * Reads pieces that are exactly one frame, back to back. A body that is a piece of its own, as senders cut them, is not
 * copied.
 * @throws TailraceError as parseFrame
 */
export function parseFramePieces(
  pieces: readonly Uint8Array[],
  decoder: MessageDecoder = ownDecoder,
  maxFrameBytes = Infinity,
): Frame {
  const [head, body] = pieces
  if (pieces.length !== 2 || head === undefined || body === undefined || head.length < FRAME_PREFIX_BYTES) {
    return parseFrame(joined(pieces), decoder, maxFrameBytes)
  }
  const frameBytes = checkPrefix(head, 0, maxFrameBytes)
  const headerEnd = FRAME_PREFIX_BYTES + uint32At(head, 8)
  if (frameBytes !== head.length + body.length || headerEnd !== head.length) {
    return parseFrame(joined(pieces), decoder, maxFrameBytes)
  }
  const plainBody = new Uint8Array(body.buffer, body.byteOffset, body.length)
  return { ...frameAt(head, 0, head.length, decoder), body: plainBody } as Frame
}

/**
 * Checks the 12 bytes at `at` and returns the length of the whole frame, without looking at the bytes after them.
 * `anyNumber`: also a message that is not known here will do.
 */
export function checkPrefix(bytes: Uint8Array, at: number, maxFrameBytes: number, anyNumber = false): number {
  const frameBytes = checkLength(bytes, at, maxFrameBytes)
  if (bytes[at + 4] !== FRAME_LAYOUT) malformed(`its layout is ${bytes[at + 4]}, not ${FRAME_LAYOUT}`)
  if (bytes[at + 5] !== 0) malformed(`its flags are ${bytes[at + 5]}, not 0`)
  const number = messageNumberAt(bytes, at)
  if (!anyNumber && messageName(number) === undefined)
    throw new TailraceError('UNSUPPORTED_MESSAGE', `Its number is ${number}.`)
  const headerBytes = uint32At(bytes, at + 8)
  if (headerBytes > frameBytes - FRAME_PREFIX_BYTES)
    malformed(`its header of ${headerBytes} bytes is longer than itself`)
  if (headerBytes > MAX_FRAME_HEADER_BYTES) {
    throw new TailraceError(
      'FRAME_TOO_LARGE',
      `Its header has ${headerBytes} bytes, ${MAX_FRAME_HEADER_BYTES} are allowed.`,
    )
  }
  return frameBytes
}

/** Checks the 4 bytes at `at` and returns the length of the whole frame that they claim. */
export function checkLength(bytes: Uint8Array, at: number, maxFrameBytes: number): number {
  const frameBytes = uint32At(bytes, at) + FRAME_LENGTH_BYTES
  if (frameBytes > maxFrameBytes) {
    throw new TailraceError('FRAME_TOO_LARGE', `It claims ${frameBytes} bytes, ${maxFrameBytes} are allowed.`)
  }
  if (frameBytes < FRAME_PREFIX_BYTES) malformed(`it claims ${frameBytes} bytes, less than a frame's prefix`)
  return frameBytes
}

/** The frame in bytes[at, end), whose prefix has been checked. */
export function frameAt(bytes: Uint8Array, at: number, end: number, decoder: MessageDecoder): Frame {
  const name = messageName(messageNumberAt(bytes, at))!
  const header = frameHeaderAt(bytes, at)
  const headerEnd = at + FRAME_PREFIX_BYTES + header.length
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + headerEnd, end - headerEnd)
  return { name, fields: decoder.decode(name, header), body } as Frame
}

/**
 * The Avro header of the frame at `at`; always a plain Uint8Array, also out of a Buffer, whose slice() would not copy.
 */
export function frameHeaderAt(bytes: Uint8Array, at: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at + FRAME_PREFIX_BYTES, uint32At(bytes, at + 8))
}

export function headerBytesAt(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at + 8)
}

export function messageNumberAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 6]! << 8) | bytes[at + 7]!
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

function malformed(why: string): never {
  throw new TailraceError('MALFORMED_FRAME', `A frame is wrong: ${why}.`)
}
