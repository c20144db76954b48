/** Counts the WebSocket frames of a server in the bytes of a connection, however they are cut. */
export class FrameCounter {
  frames = 0
  #left = 0
  #head = new Uint8Array(10)
  #headBytes = 0

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at)
        this.#left -= skipped
        at += skipped
        continue
      }
      this.#head[this.#headBytes++] = bytes[at++]!
      const length = this.#length()
      if (length === null) continue
      this.frames++
      this.#left = length
      this.#headBytes = 0
    }
  }

  /** Null: the header is not whole. RFC 6455 §5.2, of a server: without a mask. */
  #length(): number | null {
    if (this.#headBytes < 2) return null
    const short = this.#head[1]! & 0x7f
    const wanted = short < 126 ? 2 : short === 126 ? 4 : 10
    if (this.#headBytes < wanted) return null
    let length = short < 126 ? short : 0
    for (let at = 2; at < wanted; at++) length = length * 256 + this.#head[at]!
    return length
  }
}
