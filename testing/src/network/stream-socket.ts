import { Duplex } from 'node:stream'
import type { ByteStream, Clock, Dial, TimerHandle } from 'tailrace/embedded'

/** What a socket stands on. */
export interface SocketBytes extends ByteStream {
  /** Lets the other side read all that was written, and then learn of the end. Nothing more comes from there. */
  end(): void
}

/** A program's own limit for a connection comes before. */
export const CONNECT_MS = 120_000

/** So much may wait in a connection before its writer waits: as in sockets of node:net, which then tell of it. */
const QUEUED_BYTES = 64 * 1024

/** Connections that a network opens, as sockets. */
export function dialOver(clock: Clock, connect: (address: string) => Promise<SocketBytes>): Dial {
  return (address) => new StreamSocket(clock, address.slice(0, address.lastIndexOf(':')), connect(address))
}

/**
 * A connection of a test's network in the manner of `Socket` of node:net, so that node:http and WebSockets run on it
 * unchanged. Its time limit is one of the clock that it is given.
 */
export class StreamSocket extends Duplex {
  readonly remoteAddress: string
  readonly encrypted = false
  readonly #clock: Clock
  readonly #opening: Promise<SocketBytes>
  readonly #within: (call: () => void) => void
  #stream: SocketBytes | undefined
  #written: (() => void) | undefined
  #limitMs = 0
  #limit: TimerHandle | undefined
  #activeAt = 0

  /** `within` calls what happens at its owner's. */
  constructor(
    clock: Clock,
    remoteAddress: string,
    opening: Promise<SocketBytes>,
    within: (call: () => void) => void = (call) => call(),
  ) {
    super({ allowHalfOpen: false })
    this.#clock = clock
    this.remoteAddress = remoteAddress
    this.#opening = opening
    this.#within = within
  }

  override _construct(done: (error?: Error) => void): void {
    this.#opening.then((stream) => {
      this.#attach(stream)
      done()
      this.emit('connect')
    }, done)
  }

  override _read(): void {
    this.#stream?.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: () => void): void {
    this.#stream?.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#limit?.cancel()
    if (this.#stream !== undefined) this.#stream.destroy()
    // It may still be connecting.
    else
      this.#opening.then(
        (stream) => stream.destroy(),
        () => {},
      )
    done(error)
  }

  /** As that of a socket: `timeout` is emitted after so many milliseconds without a byte in either direction. */
  setTimeout(ms: number, call?: () => void): this {
    this.#limitMs = ms
    this.#limit?.cancel()
    if (call !== undefined) {
      if (ms > 0) this.once('timeout', call)
      else this.removeListener('timeout', call)
    }
    this.#activeAt = this.#clock.monotonic()
    if (ms > 0) this.#await(ms)
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  #attach(stream: SocketBytes): void {
    this.#stream = stream
    stream.onData = (chunk) => this.#within(() => this.#received(stream, chunk))
    stream.onDrain = () => this.#within(() => this.#wrote())
    stream.onClose = (error) => this.#within(() => this.#closed(error))
  }

  #received(stream: SocketBytes, chunk: Uint8Array): void {
    this.#activeAt = this.#clock.monotonic()
    if (!this.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))) stream.pause()
  }

  #closed(error: Error | null): void {
    this.#wrote()
    if (error !== null) this.destroy(Object.assign(error, { code: 'ECONNRESET' }))
    else if (!this.readableEnded) this.push(null)
  }

  #send(pieces: readonly Uint8Array[], done: () => void): void {
    this.#activeAt = this.#clock.monotonic()
    this.#stream!.write(pieces)
    if (this.#stream!.queuedBytes < QUEUED_BYTES) done()
    else this.#written = done
  }

  #wrote(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  #await(ms: number): void {
    this.#limit = this.#clock.after(ms, () => {
      const left = this.#activeAt + this.#limitMs - this.#clock.monotonic()
      if (left > 0) this.#await(left)
      else this.emit('timeout')
    })
  }
}
