import type { ByteStream } from '../../../../broker/src/platform/network.ts'

const LENGTH_BYTES = 4

/** Whole messages on a byte stream, each behind its length: what a WebSocket does for its two ends. */
export class FramedStream {
  onMessage: (bytes: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onDrain: () => void = () => {}
  readonly remote: string
  readonly #stream: ByteStream
  #arrived: Uint8Array[] = []
  #bytes = 0
  #closed = false

  constructor(stream: ByteStream) {
    this.#stream = stream
    this.remote = stream.remote
    stream.onData = (chunk) => this.#receive(chunk)
    stream.onClose = (error) => this.#close(error?.message ?? 'connection closed')
    stream.onDrain = () => this.onDrain()
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes
  }

  send(pieces: readonly Uint8Array[]): void {
    if (this.#closed) return
    const head = Buffer.alloc(LENGTH_BYTES)
    head.writeUInt32BE(pieces.reduce((sum, { length }) => sum + length, 0))
    this.#stream.write([head, ...pieces])
  }

  destroy(): void {
    this.#stream.destroy()
    this.#close('destroyed')
  }

  #receive(chunk: Uint8Array): void {
    this.#arrived.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#wanted()) return
    let rest = this.#arrived.length === 1 ? this.#arrived[0]! : new Uint8Array(Buffer.concat(this.#arrived))
    this.#arrived = []
    this.#bytes = 0
    while (!this.#closed && rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + lengthIn(rest)
      if (rest.length < end) break
      // A copy: the bytes belong to the receiver.
      this.onMessage(rest.slice(LENGTH_BYTES, end))
      rest = rest.subarray(end)
    }
    if (rest.length === 0 || this.#closed) return
    this.#arrived = [rest]
    this.#bytes = rest.length
  }

  /** Bytes from which on the first message is whole, as far as its length is known. */
  #wanted(): number {
    const first = this.#arrived[0]!
    return first.length < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + lengthIn(first)
  }

  #close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.onClose(reason)
  }
}

function lengthIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}
