import {
  encodeFrame,
  type Frame,
  FrameReader,
  type Message,
  type MessageDecoder,
  type MessageName,
  ownDecoder,
  TailraceError,
} from '@tailrace/schemas'
import type { ByteStream } from '../../platform/network.ts'
import type { PeerLimits } from './limits.ts'
import type { PeerStats } from './stats.ts'

export interface ChannelHandlers {
  /** May throw MALFORMED_FRAME to say that the frame is out of place: the channel closes. Any other error is a mistake of ours and passes through. */
  onFrame(frame: Frame): void
  /** A message that only the peer's newer version knows; `correlation` if it waits for an answer. Without this it closes the channel. */
  onUnknown?(correlation: number | null): void
  /** Called once; not after `close`. `reason` is a TailraceError when the other side broke the rules or reads too slowly. */
  onClose(reason: Error | null): void
}

/**
 * Frames over a byte stream. Garbage closes it, and so does a queue that the other side does not drain. Handlers are called by the
 * network only, never within a call to the channel.
 */
export class FrameChannel {
  readonly remote: string
  readonly #stream: ByteStream
  readonly #stats: PeerStats
  readonly #maxQueuedBytes: number
  #reader: FrameReader
  #handlers: ChannelHandlers
  #open = true
  #ended = false
  #reason: TailraceError | null = null
  /** What a handler threw that is not the other side's fault. */
  #ownMistake: unknown

  constructor(stream: ByteStream, limits: PeerLimits, handlers: ChannelHandlers, stats: PeerStats) {
    this.remote = stream.remote
    this.#stream = stream
    this.#stats = stats
    this.#handlers = handlers
    this.#maxQueuedBytes = limits.maxQueuedBytes
    this.#reader = this.#newReader(limits.maxHandshakeFrameBytes, ownDecoder)
    stream.onData = (chunk) => this.#read(chunk)
    stream.onClose = (error) => this.#end(error)
  }

  /** From the next chunk on: larger frames, the peer's own dialect, other handlers. What the present chunk still holds goes to the old ones. */
  upgrade(maxFrameBytes: number, decoder: MessageDecoder, handlers: ChannelHandlers): void {
    this.#handlers = handlers
    this.#reader = this.#newReader(maxFrameBytes, decoder)
  }

  get open(): boolean {
    return this.#open
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes
  }

  send<Name extends MessageName>(name: Name, fields: Message<Name>, body: readonly Uint8Array[] = NO_BODY): void {
    this.write(encodeFrame(name, fields, body))
  }

  /** Writes one encoded frame, or drops the connection if too much waits already: what waited is freed, and onClose tells. */
  write(pieces: readonly Uint8Array[]): void {
    if (!this.#open) return
    if (this.#stream.queuedBytes > this.#maxQueuedBytes) {
      this.#stats.slowPeers++
      this.#abandon(
        new TailraceError('OVERLOADED', `${this.#stream.queuedBytes} bytes wait for a peer that does not read.`),
      )
      return
    }
    this.#stats.framesSent++
    this.#stream.write(pieces)
  }

  /** Drops the connection; no handler is called any more. */
  close(): void {
    this.#open = false
    this.#ended = true
    this.#stream.destroy()
  }

  #newReader(maxFrameBytes: number, decoder: MessageDecoder): FrameReader {
    const handlers = this.#handlers
    const onFrame = (frame: Frame): void => this.#receive(frame, handlers)
    const correlationOf = decoder.correlationOfUnknown
    // Between equal protocols a number that is in neither is garbage.
    if (correlationOf === undefined || handlers.onUnknown === undefined)
      return new FrameReader({ maxFrameBytes, decoder, onFrame })
    const onUnknown = (number: number, header: Uint8Array): void => {
      this.#stats.unknownMessages++
      if (this.#open) handlers.onUnknown!(correlationOf(number, header))
    }
    return new FrameReader({ maxFrameBytes, decoder, onFrame, onUnknown })
  }

  #receive(frame: Frame, handlers: ChannelHandlers): void {
    // A chunk may hold frames behind the one on which this side closed.
    if (!this.#open) return
    this.#stats.framesReceived++
    try {
      handlers.onFrame(frame)
    } catch (error) {
      if (!(error instanceof TailraceError && error.code === 'MALFORMED_FRAME')) this.#ownMistake = error
      throw error
    }
  }

  #read(chunk: Uint8Array): void {
    if (!this.#open) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (this.#ownMistake !== undefined) throw this.#ownMistake
      this.#stats.malformed++
      this.#abandon(
        error instanceof TailraceError ? error : new TailraceError('MALFORMED_FRAME', undefined, { cause: error }),
      )
    }
  }

  #abandon(reason: TailraceError): void {
    this.#open = false
    this.#reason = reason
    this.#stream.destroy()
  }

  #end(error: Error | null): void {
    this.#open = false
    if (this.#ended) return
    this.#ended = true
    this.#handlers.onClose(this.#reason ?? error)
  }
}

const NO_BODY: readonly Uint8Array[] = []
