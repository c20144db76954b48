import type { ByteStream } from '../../../broker/src/platform/network.ts'

/** The stream of a peer that takes all bytes; its own bytes are passed in by the test. */
export class FedStream implements ByteStream {
  readonly remote = 'x:1'
  readonly encrypted = false
  readonly certificate = null
  readonly queuedBytes = 0
  readonly written: Uint8Array[] = []
  onData: (chunk: Uint8Array) => void = () => {}
  onClose: (error: Error | null) => void = () => {}
  onDrain: () => void = () => {}
  write(pieces: readonly Uint8Array[]): void {
    this.written.push(...pieces)
  }
  pause(): void {}
  resume(): void {}
  destroy(): void {}
}
