const opcodes = { text: 0x81, binary: 0x82 } as const
const bytesIn16Bits = 126
const bytesIn64Bits = 127

/**
 * The bytes before an unfragmented message of a server (RFC 6455 §5.2: FIN is set, and servers do not mask), with
 * `room` for more behind them. Messages have less than 4 GiB.
 */
export function frameHead(
  kind: keyof typeof opcodes,
  messageBytes: number,
  room: number,
): { head: Buffer; at: number } {
  if (messageBytes < bytesIn16Bits) {
    const head = Buffer.allocUnsafe(2 + room)
    head[1] = messageBytes
    head[0] = opcodes[kind]
    return { head, at: 2 }
  }
  const isShort = messageBytes < 0x10000
  const at = isShort ? 4 : 10
  const head = Buffer.allocUnsafe(at + room)
  head[0] = opcodes[kind]
  head[1] = isShort ? bytesIn16Bits : bytesIn64Bits
  if (isShort) head.writeUInt16BE(messageBytes, 2)
  else head.writeUIntBE(messageBytes, 4, 6)
  if (!isShort) head.writeUInt16BE(0, 2)
  return { head, at }
}

/** Copying a message below this into one piece costs less than another entry of a writev. */
const gatherBelow = 16 * 1024

/** One message, ready for the socket: in one piece where it is small, else its large pieces are not copied. */
export function frameOf(kind: keyof typeof opcodes, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  if (bytes < gatherBelow) {
    const { head, at } = frameHead(kind, bytes, bytes)
    let end = at
    for (const piece of pieces) {
      head.set(piece, end)
      end += piece.length
    }
    return [head]
  }
  return [frameHead(kind, bytes, 0).head, ...pieces]
}
