export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/**
 * A WebSocket frame as a client sends it (RFC 6455 §5.2), with a masking key of zeros, which leaves the payload as it
 * is.
 */
export function clientFrame(opcode: number, payload: Uint8Array, fin = true): Uint8Array {
  const long = payload.length > 125
  const frame = new Uint8Array((long ? 8 : 6) + payload.length)
  frame[0] = (fin ? 0x80 : 0) | opcode
  frame[1] = 0x80 | (long ? 126 : payload.length)
  if (long) new DataView(frame.buffer).setUint16(2, payload.length)
  frame.set(payload, frame.length - payload.length)
  return frame
}

export interface ServerMessage {
  readonly opcode: number
  readonly payload: Uint8Array
}

/**
 * The whole messages in what a server has sent, its control frames among them.
 * @throws Error on bytes that are no frame of a server
 */
export function serverMessages(bytes: Uint8Array): ServerMessage[] {
  const messages: ServerMessage[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let parts: Uint8Array[] = []
  let opcode = 0
  for (let at = 0; at < bytes.length; ) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!]
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error(`no frame of a server: ${first} ${second}`)
    const [length, start] =
      second < 126
        ? [second, at + 2]
        : second === 126
          ? [view.getUint16(at + 2), at + 4]
          : [Number(view.getBigUint64(at + 2)), at + 10]
    const payload = bytes.subarray(start, start + length)
    if (payload.length < length) throw new Error('a frame that is cut short')
    at = start + length
    const kind = first & 0x0f
    if (kind >= Opcode.close) {
      messages.push({ opcode: kind, payload })
      continue
    }
    if (kind !== Opcode.continuation) opcode = kind
    parts.push(payload)
    if ((first & 0x80) === 0) continue
    messages.push({ opcode, payload: Uint8Array.from(Buffer.concat(parts)) })
    parts = []
  }
  return messages
}
