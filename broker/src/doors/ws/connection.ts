import type { Socket } from 'node:net'
import { TailraceError } from '@tailrace/schemas'
import type { TimerHandle } from '../../platform/clock.ts'
import type { Holding } from '../limits/held-bytes.ts'
import { mostReadBytes } from '../limits/limits.ts'
import { noLongerWanted } from '../limits/no-longer-wanted.ts'
import { LONGEST_WAIT_MS, type RateKind } from '../limits/quotas/sender-quotas.ts'
import { ReadBudget } from '../limits/read-budget.ts'
import type { Sender } from '../limits/request-context.ts'
import { Subscriptions } from '../subscriptions/subscriptions.ts'
import { StreamAuthentication } from './authentication.ts'
import { BinaryProtocol } from './binary.ts'
import { Outbox } from './outbox.ts'
import { CloseCode, type GatewaySocket } from './socket.ts'
import type { StreamClient, StreamParts } from './stream-client.ts'
import { TextProtocol } from './text.ts'
import { Watches } from './watches.ts'

/** How long a client may take to answer a close frame. */
const closeAnswerMs = 2_000
/** The same for a client that stalls. */
const shortCloseAnswerMs = 100
/** Of a WebSocket that has ended without a close frame. */
const withoutCloseFrame = 1006
/** What a write or a read fails with when the client's machine has reset the connection. */
const resets: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE'])
/** Messages in one read from the socket. */
const manyMessages = 32

/** One WebSocket: bounds what it holds, both ways, and hands its messages to the protocol they are of. */
export class Connection implements StreamClient {
  readonly subscriptions: Subscriptions
  readonly watches: Watches
  readonly sender: Sender
  readonly authentication: StreamAuthentication
  readonly reads: ReadBudget
  readonly #parts: StreamParts
  readonly #socket: GatewaySocket
  readonly #stream: Socket
  readonly #outbox: Outbox
  readonly #binary: BinaryProtocol
  readonly #text: TextProtocol
  readonly #abort = new AbortController()
  /** The bytes that have arrived of an unfinished message. */
  readonly #arriving: Holding
  #starved = false
  /** Messages, pings and pongs of the bytes at hand. */
  #handled = 0
  #waitsForTurn = false
  /** Its sender is over a quota. */
  #throttle: TimerHandle | null = null
  /** The bytes at hand have completed a message: the rest of them belongs to another. */
  #completed = false
  /** Errors about the connection as a whole are binary once the client has sent a binary message. */
  #speaksBinary = false
  #unackedBytes = 0
  #requests = 0
  #overfull = false
  #overfullTimer: TimerHandle | null = null
  #closing = false
  #faulted = false
  /** The other side has ended the TCP connection, before this one did anything to that end. */
  #wasLeft = false
  #closeTimer: TimerHandle | null = null
  #lastSign = true
  #bytesTaken = 0

  /** `schemas`: the fingerprint of the client's schemas; undefined where it names none. */
  constructor(socket: GatewaySocket, stream: Socket, sender: Sender, schemas: string | undefined, parts: StreamParts) {
    this.#socket = socket
    this.#stream = stream
    this.#parts = parts
    this.sender = sender
    this.authentication = new StreamAuthentication(parts.services, sender, () => parts.clock.monotonic())
    this.reads = new ReadBudget(parts.limits.maxConnectionReadBytes, mostReadBytes(parts.limits), parts.reads)
    this.subscriptions = new Subscriptions(parts.limits, sender.quotas)
    this.watches = new Watches(sender.quotas)
    this.#outbox = new Outbox(socket, stream, parts.clock)
    this.#binary = new BinaryProtocol(this, parts, this.#abort.signal, schemas)
    this.#text = new TextProtocol(this, parts)
    this.#arriving = parts.received.open(this.sender.client, {
      cutOff: (error) => this.#cutOff(error),
      resume: () => this.#starve(false),
    })
    socket.explain = (code) => this.#explain(code)
    // A publish comes as two fragments, header and batch: joined by ws, every batch would be copied once more.
    socket.binaryType = 'fragments'
    socket.on('message', (data, isBinary) => this.#guard(() => this.#onMessage(data as Buffer | Buffer[], isBinary)))
    socket.on('ping', () => this.#guard(() => this.#onSign()))
    socket.on('pong', () => this.#guard(() => this.#onSign()))
    socket.on('close', (code) => this.#guard(() => this.#onClose(code)))
    stream.on('end', () => this.#onLeft())
    stream.on('error', ({ code }: NodeJS.ErrnoException) => resets.has(code) && this.#onLeft())
    stream.on('drain', () => this.#guard(() => this.#onDrain()))
    // After ws, which listens already: the bytes that it holds now belong to an unfinished message.
    stream.on('data', () => this.#guard(() => this.#onBytes()))
    this.#binary.welcome()
  }

  get roomy(): boolean {
    return this.#outbox.bufferedBytes <= this.#parts.limits.pauseBufferedBytes
  }

  get overfull(): boolean {
    return this.#outbox.bufferedBytes > this.#parts.limits.maxBufferedBytes
  }

  sendText(text: string): void {
    this.#outbox.sendText(text)
    this.#watchBuffer()
  }

  sendMessage(pieces: readonly Uint8Array[]): void {
    this.#outbox.sendMessage(pieces, this.subscriptions.partitions === 1)
    this.#watchBuffer()
  }

  sendPieces(pieces: readonly Uint8Array[]): void {
    this.#outbox.sendPieces(pieces)
    this.#watchBuffer()
  }

  hold(bytes: number): void {
    this.#unackedBytes += bytes
    this.#requests += bytes === 0 ? 1 : 0
    this.#regulate()
  }

  release(bytes: number): void {
    this.#unackedBytes -= bytes
    this.#requests -= bytes === 0 ? 1 : 0
    this.#regulate()
    if (this.#closing && this.#isIdle) this.#closeWith(CloseCode.goingAway, new TailraceError('SHUTTING_DOWN'))
  }

  pay(kind: RateKind, amount: number): void {
    try {
      this.#readLater(this.sender.quotas.take(kind, amount))
    } catch (error) {
      this.#readLater(LONGEST_WAIT_MS)
      throw error
    }
  }

  takeIn(bytes: number): Holding {
    const taken = this.#parts.received.open(this.sender.client, { cutOff: () => {} })
    const fits = taken.hold(bytes)
    taken.finish()
    if (fits) return taken
    taken.release()
    throw new TailraceError('OVERLOADED', `Bodies and messages hold ${this.#parts.received.bytes} bytes.`)
  }

  fault(error: unknown): void {
    if (this.#faulted) return
    this.#faulted = true
    this.#closing = true
    this.#parts.metrics.handlerFaults.inc()
    this.#parts.log.error({ err: error }, 'handling a message of a client failed; its connection is closed')
    this.terminate()
  }

  fail(closeCode: number, error: TailraceError): void {
    this.#closing = true
    this.#endPushes()
    this.#closeWith(closeCode, error)
  }

  /** Takes no new requests, acknowledges those under way, then sends SHUTTING_DOWN and closes. */
  shutDown(): void {
    this.#closing = true
    this.#endPushes()
    if (this.#isIdle) this.#closeWith(CloseCode.goingAway, new TailraceError('SHUTTING_DOWN'))
  }

  terminate(): void {
    this.#closing = true
    this.#socket.terminate()
  }

  /** Ends a connection whose credential has expired or is revoked, and one that has shown none in time. */
  checkSession(): void {
    const problem = this.authentication.problem()
    if (problem !== null && !this.#closing) this.fail(CloseCode.policyViolation, problem)
  }

  /** Once every keep-alive period: a client that neither answers pings nor takes bytes is gone. */
  checkAlive(): void {
    this.#watchBuffer()
    const taken = this.#stream.bytesWritten - this.#stream.writableLength
    const alive = this.#lastSign || taken > this.#bytesTaken || this.#socket.isPaused
    this.#lastSign = false
    if (!alive) {
      this.terminate()
      return
    }
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
    // Counted after the ping, since the kernel takes a ping even for a dead connection.
    this.#bytesTaken = this.#stream.bytesWritten - this.#stream.writableLength
  }

  get #isIdle(): boolean {
    return this.#unackedBytes === 0 && this.#requests === 0
  }

  /** An error while a message is handled costs the connection, never the process, for any bytes. */
  #guard(handle: () => void): void {
    try {
      handle()
    } catch (error) {
      this.fault(error)
    }
  }

  #onMessage(data: Buffer | Buffer[], isBinary: boolean): void {
    this.#lastSign = true
    this.#completed = true
    this.#handled++
    if (this.#closing) return
    this.#speaksBinary ||= isBinary
    if (isBinary) this.#binary.receive(Array.isArray(data) ? data : [data])
    else this.#text.receive(data as Buffer)
  }

  #onBytes(): void {
    if (this.#completed) this.#arriving.release()
    this.#completed = false
    const bytes = this.#socket.unfinishedBytes
    if (bytes > 0 && !this.#closing) this.#starve(!this.#arriving.hold(bytes))
    else if (this.#arriving.bytes > 0) this.#arriving.release()
    if (this.#handled > manyMessages) this.#giveWay()
    this.#handled = 0
  }

  /**
   * Reads on when all others have been served. A socket that has more to read than one read takes is read up to 32
   * times before any other, which is 2 MiB: with small messages that is seconds of work.
   */
  #giveWay(): void {
    if (this.#waitsForTurn) return
    this.#waitsForTurn = true
    this.#regulate()
    this.#parts.clock.soon(() =>
      this.#guard(() => {
        this.#waitsForTurn = false
        this.#regulate()
      }),
    )
  }

  #readLater(ms: number): void {
    if (ms === 0 || this.#throttle !== null || this.#closing) return
    this.#throttle = this.#parts.clock.after(ms, () =>
      this.#guard(() => {
        this.#throttle = null
        this.#regulate()
      }),
    )
    this.#regulate()
  }

  #starve(starved: boolean): void {
    if (starved === this.#starved) return
    this.#starved = starved
    this.#regulate()
  }

  #onSign(): void {
    this.#lastSign = true
    this.#handled++
    // ws answers pings by itself; a flood of them from a client that never reads counts as well.
    this.#watchBuffer()
  }

  #onDrain(): void {
    this.#endOverfull()
    this.subscriptions.wake()
  }

  #onLeft(): void {
    this.#wasLeft ||= !this.#closing
  }

  #onClose(code: number): void {
    // A client that sends a close frame has had the time to leave its groups.
    if (this.#wasLeft && code === withoutCloseFrame) this.#binary.abandoned()
    this.#closing = true
    this.#overfullTimer?.cancel()
    this.#closeTimer?.cancel()
    this.#throttle?.cancel()
    this.#arriving.release()
    this.#endPushes()
    this.#abort.abort(noLongerWanted)
  }

  #watchBuffer(): void {
    if (this.#overfull || !this.overfull) return
    this.#overfull = true
    this.#regulate()
    this.#overfullTimer = this.#parts.clock.after(this.#parts.limits.slowReaderMs, () => {
      if (!this.overfull) return this.#endOverfull()
      this.#parts.metrics.slowReaders.inc()
      this.#socket.close(CloseCode.tryAgainLater, 'OVERLOADED: the client does not read')
      this.terminate()
    })
  }

  #endOverfull(): void {
    if (!this.#overfull) return
    this.#overfull = false
    this.#overfullTimer?.cancel()
    this.#regulate()
  }

  /** Reads from the client only while its requests stay within the limits. */
  #regulate(): void {
    const { maxUnackedBytes, maxPendingRequests } = this.#parts.limits
    const waitsForUs = this.#unackedBytes > maxUnackedBytes || this.#requests > maxPendingRequests
    const isHeldUp = waitsForUs || this.#throttle !== null
    const full = this.#overfull || this.#starved || this.#waitsForTurn || isHeldUp
    // If the broker holds up a message, its age is not the client's fault.
    if (isHeldUp) this.#arriving.finish()
    if (full === this.#socket.isPaused) return
    if (full) this.#socket.pause()
    else {
      this.#socket.resume()
      if (this.#arriving.bytes > 0 && !this.#closing) this.#arriving.hold(this.#arriving.bytes)
    }
  }

  #cutOff(error: TailraceError): void {
    this.fail(error.code === 'OVERLOADED' ? CloseCode.tryAgainLater : CloseCode.policyViolation, error)
    this.#socket.pause()
    this.#parts.clock.after(shortCloseAnswerMs, () => this.terminate())
  }

  #explain(closeCode: number): string {
    const tooLarge = closeCode === CloseCode.tooLarge
    const error = tooLarge
      ? new TailraceError('FRAME_TOO_LARGE', `A message may have ${this.#parts.limits.maxFrameBytes} bytes.`)
      : new TailraceError('MALFORMED_FRAME', 'It breaks the WebSocket protocol (RFC 6455).')
    this.#closing = true
    this.#endPushes()
    this.#sendError(error)
    this.#limitClose()
    return error.code
  }

  #sendError(error: TailraceError): void {
    if (this.#speaksBinary) this.#binary.sendFailure(-1, error)
    else this.#text.sendError(undefined, error)
  }

  #closeWith(closeCode: number, error: TailraceError): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#sendError(error)
    this.#socket.close(closeCode, error.code)
    // The answer to the close frame must be readable, and a client that gives none must not keep the socket.
    if (this.#socket.isPaused) this.#socket.resume()
    this.#limitClose()
  }

  #endPushes(): void {
    this.subscriptions.clear()
    this.watches.clear()
  }

  #limitClose(): void {
    this.#closeTimer ??= this.#parts.clock.after(closeAnswerMs, () => this.terminate())
  }
}
