import type { ByteStream, PeerCertificate } from '../../../broker/src/platform/network.ts'

/** A stream whose end in a process gets nothing while that process stands still. */
export class GatedStream implements ByteStream {
  onData: ByteStream['onData'] = () => {}
  onClose: ByteStream['onClose'] = () => {}
  onDrain: ByteStream['onDrain'] = () => {}
  readonly #stream: ByteStream

  constructor(stream: ByteStream, process: { run(call: () => void): void }) {
    this.#stream = stream
    stream.onData = (chunk) => process.run(() => this.onData(chunk))
    stream.onClose = (error) => process.run(() => this.onClose(error))
    stream.onDrain = () => process.run(() => this.onDrain())
  }

  get remote(): string {
    return this.#stream.remote
  }

  get encrypted(): boolean {
    return this.#stream.encrypted
  }

  get certificate(): PeerCertificate | null {
    return this.#stream.certificate
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes
  }

  write(pieces: readonly Uint8Array[]): void {
    this.#stream.write(pieces)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  destroy(): void {
    this.#stream.destroy()
  }
}
