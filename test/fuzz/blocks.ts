/** One message of a session: its kind and its bytes. */
export interface Block {
  readonly kind: number
  readonly bytes: Uint8Array
}

const HEAD_BYTES = 3

/** A session as bytes: a kind, a length in two bytes, and so many bytes, again and again. */
export function blocksOf(input: Uint8Array): Block[] {
  const blocks: Block[] = []
  for (let at = 0; at + HEAD_BYTES <= input.length; ) {
    const length = (input[at + 1]! << 8) | input[at + 2]!
    blocks.push({ kind: input[at]!, bytes: input.slice(at + HEAD_BYTES, at + HEAD_BYTES + length) })
    at += HEAD_BYTES + length
  }
  return blocks
}

export function bytesOf(blocks: readonly Block[]): Uint8Array {
  const pieces = blocks.flatMap(({ kind, bytes }) => [
    Uint8Array.of(kind, bytes.length >> 8, bytes.length & 0xff),
    bytes,
  ])
  return Uint8Array.from(Buffer.concat(pieces))
}
