import { Compression, TailraceError } from '@tailrace/schemas'
import { Gunzip, gzipSync } from 'fflate'
import { Decompress } from 'fzstd'
import type { CompressionCodecs } from './compression.ts'

/**
 * The input is fed in pieces, so that a decompression bomb is noticed after one piece and not after all of it is in
 * memory.
 */
const PIECE_BYTES = 16 * 1024

/** Pure JavaScript: browsers have gzip only as an asynchronous stream, and no zstd. */
export const codecs: CompressionCodecs = {
  compressors: { gzip: (records) => gzipSync(records, { level: 1 }) },
  decompressors: {
    [Compression.gzip]: (bytes, maxBytes) => collect(bytes, maxBytes, (take) => new Gunzip(take)),
    [Compression.zstd]: (bytes, maxBytes) => {
      // fzstd allocates what the frame claims before it has seen it.
      if (zstdClaim(bytes) > maxBytes) refuse(maxBytes)
      return collect(bytes, maxBytes, (take) => new Decompress(take))
    },
  },
}

interface Stream {
  push(piece: Uint8Array, final: boolean): void
}

function collect(bytes: Uint8Array, maxBytes: number, open: (take: (data: Uint8Array) => void) => Stream): Uint8Array {
  if (bytes.length === 0) throw new TailraceError('INVALID_BATCH', 'There is nothing to decompress.')
  const pieces: Uint8Array[] = []
  let length = 0
  const stream = open((data) => {
    length += data.length
    if (length > maxBytes) refuse(maxBytes)
    pieces.push(data.slice())
  })
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    stream.push(bytes.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= bytes.length)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/**
 * The larger of window and content size that a Zstandard frame's header claims (RFC 8878 §3.1.1.1); Infinity when it is
 * no header.
 */
export function zstdClaim(bytes: Uint8Array): number {
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

function refuse(maxBytes: number): never {
  throw new TailraceError('INVALID_BATCH', `The records decompress to more than ${maxBytes} bytes.`)
}
