const CONTINUATION = 0
const FIRST_CONTROL = 8
const FIN = 0x80

/** RFC 6455 §5.2, of a server: without a mask. */
function headOf(bytes: Buffer): { readonly head: number; readonly length: number } | null {
  if (bytes.length < 2) return null
  const short = bytes[1]! & 0x7f
  if (short < 126) return { head: 2, length: short }
  if (short === 126) return bytes.length < 4 ? null : { head: 4, length: bytes.readUInt16BE(2) }
  return bytes.length < 10 ? null : { head: 10, length: Number(bytes.readBigUInt64BE(2)) }
}

/** Makes messages of the bytes of a server's WebSocket, however they are cut and split into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  #opcode = 0
  readonly #parts: Buffer[] = []

  /** Calls with each message that is whole, whose bytes are good until the call returns. */
  take(chunk: Buffer, visit: (opcode: number, message: Buffer) => void): void {
    let bytes: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const frame = headOf(bytes)
      if (frame === null || bytes.length < frame.head + frame.length) break
      this.#frame(bytes[0]!, bytes.subarray(frame.head, frame.head + frame.length), visit)
      bytes = bytes.subarray(frame.head + frame.length)
    }
    // A copy: a view would keep the whole chunk.
    this.#rest = Buffer.from(bytes)
  }

  #frame(first: number, payload: Buffer, visit: (opcode: number, message: Buffer) => void): void {
    const opcode = first & 0x0f
    const isLast = (first & FIN) !== 0
    if (opcode >= FIRST_CONTROL || (isLast && opcode !== CONTINUATION)) {
      visit(opcode, payload)
      return
    }
    if (opcode !== CONTINUATION) this.#opcode = opcode
    this.#parts.push(Buffer.from(payload))
    if (!isLast) return
    visit(this.#opcode, Buffer.concat(this.#parts))
    this.#parts.length = 0
  }
}
