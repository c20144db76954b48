import { TailraceError } from './tailrace-error.ts'

/**
 * Zig-zag varints as RecordBatch v2 uses them: "varint" is an int32 in at most 5 bytes, "varlong" an int64 in at most
 * 10. Varlongs are read and written as plain numbers and refused outside the safe integers.
 */
export const MAX_VARINT_BYTES = 5
export const MAX_VARLONG_BYTES = 10

/** How many bytes `writeVarint` takes for an int32. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

/** Writes an int32 and returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  bytes[at++] = zigzag
  return at
}

/** How many bytes `writeVarlong` takes for a safe integer. */
export function varlongBytes(value: number): number {
  if (value === (value | 0)) return varintBytes(value)
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 64)
  let bytes = 1
  for (; rest > 0; bytes++) rest = Math.floor(rest / 128)
  return bytes
}

/** Writes a safe integer and returns the position after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value)
  // zigzag(v) is 2m or 2m+1 and may pass 2^53, so the sign bit goes into the first byte and only m is divided.
  const sign = value < 0 ? 1 : 0
  const magnitude = sign === 1 ? -value - 1 : value
  let low = ((magnitude % 64) << 1) | sign
  let rest = Math.floor(magnitude / 64)
  while (rest > 0) {
    bytes[at++] = low | 0x80
    low = rest % 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = low
  return at
}

/**
 * Reads varints one after the other from bytes[at, end). Every read past `end` or malformed number throws
 * INVALID_BATCH.
 */
export class VarintReader {
  readonly bytes: Uint8Array
  at: number
  /** The reader of a record narrows this to the record's end. */
  end: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  varint(): number {
    let byte = this.byte()
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let zigzag = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.byte()
      if (shift === 28 && byte > 0x0f) break
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    throw new TailraceError('INVALID_BATCH', `A varint at byte ${this.at} is longer than 32 bits.`)
  }

  varlong(): number {
    let byte = this.byte()
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    const sign = byte & 1
    let magnitude = (byte & 0x7f) >>> 1
    let scale = 64
    for (let count = 1; count < MAX_VARLONG_BYTES; count++) {
      byte = this.byte()
      magnitude += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) {
        if (magnitude > Number.MAX_SAFE_INTEGER - sign) break
        return sign === 1 ? -magnitude - 1 : magnitude
      }
    }
    throw new TailraceError('INVALID_BATCH', `A varlong at byte ${this.at} is outside the safe integers.`)
  }

  byte(): number {
    if (this.at >= this.end) {
      throw new TailraceError('INVALID_BATCH', `A record ends inside a field, at byte ${this.at}.`)
    }
    return this.bytes[this.at++]!
  }
}
