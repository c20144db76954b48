import { TailraceError } from '@tailrace/schemas'

/**
 * The input is fed in pieces, so that a decompression bomb is noticed after one piece and not after all of it is in
 * memory.
 */
const PIECE_BYTES = 16 * 1024

interface Stream {
  push(piece: Uint8Array, final: boolean): void
}

/** All that a stream gives for these bytes. @throws TailraceError INVALID_BATCH: more than `maxBytes`, or nothing */
export function collect(
  bytes: Uint8Array,
  maxBytes: number,
  open: (take: (data: Uint8Array) => void) => Stream,
): Uint8Array {
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

export function refuse(maxBytes: number): never {
  throw new TailraceError('INVALID_BATCH', `The records decompress to more than ${maxBytes} bytes.`)
}
