import { Decompress } from 'fzstd'
import { collect, refuse } from './pieces.ts'

export function unzstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  // fzstd allocates what the frame claims before it has seen it.
  if (zstdClaim(bytes) > maxBytes) refuse(maxBytes)
  return collect(bytes, maxBytes, (take) => new Decompress(take))
}

/**
 * The larger of window and content size that a Zstandard frame's header claims (RFC 8878 §3.1.1.1); Infinity when it is
 * no header.
 */
function zstdClaim(bytes: Uint8Array): number {
  if (bytes.length < 6) return Infinity
  const descriptor = bytes[4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeFlag = descriptor >> 6
  let sizeBytes = sizeFlag === 0 ? 0 : 1 << sizeFlag
  if (sizeFlag === 0 && isSingleSegment) sizeBytes = 1
  let at = 5
  let claim = 0
  if (!isSingleSegment) {
    const window = bytes[at++]!
    const base = 2 ** (10 + (window >> 3))
    claim = base + (base / 8) * (window & 7)
  }
  at += dictionaryBytes
  if (at + sizeBytes > bytes.length) return Infinity
  let size = sizeBytes === 2 ? 256 : 0
  for (let i = 0; i < sizeBytes; i++) size += bytes[at + i]! * 2 ** (8 * i)
  return Math.max(claim, size)
}
