import { TailraceError } from '../tailrace-error.ts'

/** Big-endian integers read and written without a DataView, which would be an allocation for every batch looked at. */

export function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) >>> 0
}

/** @throws TailraceError INVALID_BATCH naming `field` when the int64 is no safe integer. */
export function safeInt64At(bytes: Uint8Array, at: number, field: string): number {
  const value = int32At(bytes, at) * 0x1_0000_0000 + uint32At(bytes, at + 4)
  if (!Number.isSafeInteger(value)) throw new TailraceError('INVALID_BATCH', `${field} is outside the safe integers.`)
  return value
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

/** Also writes an unsigned 32-bit number. */
export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
}

export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  writeInt32(bytes, at, Math.floor(value / 0x1_0000_0000))
  writeInt32(bytes, at + 4, value % 0x1_0000_0000)
}
