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
import type { Clock } from '../../platform/clock.ts'
import type { ByteStream, PeerCertificate } from '../../platform/network.ts'
import type { PeerDeps } from './deps.ts'
import type { PeerStats } from './stats.ts'

export interface ChannelHandlers {
  /**
   * May throw MALFORMED_FRAME to say that the frame is out of place. Any other error is a mistake of ours. Both close
   * the channel.
   */
  onFrame(frame: Frame): void
  /** A frame above the limit has come, and its body has been dropped. Without this it closes the channel. */
  onTooLarge?(frame: Frame, frameBytes: number): void
  /**
   * A message that only the peer's newer version knows; `correlation` if it waits for an answer. Without this it closes
   * the channel.
   */
  onUnknown?(correlation: number | null): void
  /**
   * Called once; not after `close`. `reason` is a TailraceError when the other side broke the rules or reads too
   * slowly, or a handler failed.
   */
  onClose(reason: Error | null): void
}

/** Frames handled without a turn of the event loop between them: some milliseconds of work when they are requests. */
const MOST_IN_A_TURN = 128

/**
 * Frames over a byte stream. Garbage closes it, and so does a queue that the other side does not drain. Handlers are
 * called by the network only, never within a call to the channel. Every frame between brokers is handled in here, so
 * this is the one place that catches the error of a handler: it costs the connection, never the process, for any bytes.
 */
export class FrameChannel {
  readonly remote: string
  readonly #stream: ByteStream
  readonly #stats: PeerStats
  readonly #log: PeerDeps['log']
  readonly #maxQueuedBytes: number
  readonly #maxHandshakeFrameBytes: number
  readonly #clock: Clock
  #reader: FrameReader
  #handlers: ChannelHandlers
  #open = true
  #ended = false
  #reason: TailraceError | null = null
  #handled = 0

  constructor(
    stream: ByteStream,
    handlers: ChannelHandlers,
    deps: Pick<PeerDeps, 'limits' | 'stats' | 'log' | 'clock'>,
  ) {
    const { limits, stats, log, clock } = deps
    this.#clock = clock
    this.remote = stream.remote
    this.#stream = stream
    this.#stats = stats
    this.#log = log
    this.#handlers = handlers
    this.#maxQueuedBytes = limits.maxQueuedBytes
    this.#maxHandshakeFrameBytes = limits.maxHandshakeFrameBytes
    this.#reader = this.#newReader(limits.maxUnknownFrameBytes, ownDecoder)
    stream.onData = (chunk) => this.#read(chunk)
    stream.onClose = (error) => this.#end(error)
  }

  /** The next frame of the handshake may have all schemas of the peer. */
  awaitSchemas(): void {
    this.#reader.allow(this.#maxHandshakeFrameBytes)
  }

  /**
   * From the next chunk on: larger frames, the peer's own schemas, other handlers. The rest of the present chunk goes
   * to the old ones.
   */
  upgrade(maxFrameBytes: number, decoder: MessageDecoder, handlers: ChannelHandlers): void {
    this.#handlers = handlers
    this.#reader = this.#newReader(maxFrameBytes, decoder)
  }

  get open(): boolean {
    return this.#open
  }

  /** See ByteStream. */
  get certificate(): PeerCertificate | null {
    return this.#stream.certificate
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes
  }

  send<Name extends MessageName>(name: Name, fields: Message<Name>, body: readonly Uint8Array[] = NO_BODY): void {
    this.write(encodeFrame(name, fields, body))
  }

  /**
   * Writes one encoded frame, or drops the connection if too much waits already: the waiting bytes are freed, and
   * onClose reports it.
   */
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
    const onTooLarge = handlers.onTooLarge === undefined ? {} : { onTooLarge: this.#refuser(handlers) }
    const correlationOf = decoder.correlationOfUnknown
    // Between equal protocols a number that is in neither is garbage.
    if (correlationOf === undefined || handlers.onUnknown === undefined)
      return new FrameReader({ maxFrameBytes, decoder, onFrame, ...onTooLarge })
    const onUnknown = (number: number, header: Uint8Array): void => {
      this.#stats.unknownMessages++
      if (!this.#open) return
      this.#handled++
      try {
        handlers.onUnknown!(correlationOf(number, header))
      } catch (error) {
        this.#failed(`message ${number}`, error)
      }
    }
    return new FrameReader({ maxFrameBytes, decoder, onFrame, onUnknown, ...onTooLarge })
  }

  #receive(frame: Frame, handlers: ChannelHandlers): void {
    // A chunk may hold frames behind the one on which this side closed.
    if (!this.#open) return
    this.#handled++
    this.#stats.framesReceived++
    try {
      handlers.onFrame(frame)
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'MALFORMED_FRAME') throw error
      this.#failed(frame.name, error)
    }
  }

  #refuser(handlers: ChannelHandlers): (frame: Frame, frameBytes: number) => void {
    return (frame, frameBytes) => {
      if (!this.#open) return
      this.#stats.tooLarge++
      try {
        handlers.onTooLarge!(frame, frameBytes)
      } catch (error) {
        this.#failed(frame.name, error)
      }
    }
  }

  #failed(what: string, error: unknown): void {
    this.#stats.handlerFaults++
    const why = error instanceof Error ? error.message : String(error)
    this.#abandon(new TailraceError('INTERNAL', `Handling ${what} failed: ${why}`, { cause: error }))
  }

  #read(chunk: Uint8Array): void {
    if (!this.#open) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#stats.malformed++
      this.#abandon(
        error instanceof TailraceError ? error : new TailraceError('MALFORMED_FRAME', undefined, { cause: error }),
      )
    }
    if (this.#handled >= MOST_IN_A_TURN) this.#giveWay()
  }

  /**
   * libuv reads a stream up to 32 times before it comes to another one: 2 MiB, which is seconds of work with small
   * frames.
   */
  #giveWay(): void {
    this.#handled = 0
    if (!this.#open) return
    this.#stream.pause()
    this.#clock.soon(() => {
      if (this.#open) this.#stream.resume()
    })
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
    try {
      this.#handlers.onClose(this.#reason ?? error)
    } catch (failure) {
      this.#stats.handlerFaults++
      this.#log.error({ err: failure, remote: this.remote }, 'handling the end of a peer connection failed')
    }
  }
}

const NO_BODY: readonly Uint8Array[] = []
