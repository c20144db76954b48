import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { formatAddress } from '../address.ts'
import type { ByteStream, PeerCertificate } from '../network.ts'
import { certificateOf } from './tls/peer-certificate.ts'

/** Copying a piece this small costs less than a queue entry of its own in node:net (about 2 µs each). */
const COPY_BELOW = 2048
/** Joined pieces stay in blocks of this size, so that a burst of small frames needs no single large block. */
const JOIN_UP_TO = 65536

/**
 * A TCP connection, or TLS over one. Everything written in one turn leaves in one writev; without TLS, batches go to
 * the kernel without a copy.
 */
export class SocketStream implements ByteStream {
  readonly remote: string
  readonly encrypted: boolean
  readonly certificate: PeerCertificate | null
  onData: (chunk: Uint8Array) => void = () => {}
  onClose: (error: Error | null) => void = () => {}
  onDrain: () => void = () => {}
  readonly #socket: Socket
  #turn: Uint8Array[] = []
  #turnBytes = 0
  #error: Error | null = null
  readonly #flush: () => void

  constructor(socket: Socket) {
    this.#socket = socket
    this.encrypted = socket instanceof TLSSocket
    this.certificate = certificateOf(socket)
    this.#flush = () => this.#flushTurn()
    this.remote = formatAddress({ host: socket.remoteAddress ?? 'gone', port: socket.remotePort ?? 0 })
    socket.on('data', (chunk: Uint8Array) => this.onData(chunk))
    socket.on('drain', () => this.onDrain())
    // A side that has ended its half will not read this side's bytes to the end: there is no reason to wait.
    socket.on('end', () => socket.destroy())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => this.onClose(this.#error))
  }

  get queuedBytes(): number {
    return this.#turnBytes + this.#socket.writableLength
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return
    if (this.#turn.length === 0) process.nextTick(this.#flush)
    for (const piece of pieces) {
      this.#turn.push(piece)
      this.#turnBytes += piece.length
    }
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#turn = []
    this.#turnBytes = 0
    this.#socket.destroy()
  }

  #flushTurn(): void {
    const pieces = this.#turn
    this.#turn = []
    this.#turnBytes = 0
    if (pieces.length === 0 || this.#socket.destroyed) return
    this.#socket.cork()
    for (let at = 0; at < pieces.length; ) {
      const end = endOfSmallRun(pieces, at)
      this.#socket.write(end - at > 1 ? join(pieces, at, end) : pieces[at]!)
      at = Math.max(end, at + 1)
    }
    this.#socket.uncork()
  }
}

/** Where the run of small pieces that starts at `at` ends; `at` itself if that piece is large. */
function endOfSmallRun(pieces: readonly Uint8Array[], at: number): number {
  let end = at
  for (let bytes = 0; end < pieces.length; end++) {
    const size = pieces[end]!.length
    if (size >= COPY_BELOW || bytes + size > JOIN_UP_TO) break
    bytes += size
  }
  return end
}

function join(pieces: readonly Uint8Array[], start: number, end: number): Uint8Array {
  let bytes = 0
  for (let at = start; at < end; at++) bytes += pieces[at]!.length
  const joined = Buffer.allocUnsafe(bytes)
  for (let at = start, to = 0; at < end; to += pieces[at]!.length, at++) joined.set(pieces[at]!, to)
  return joined
}
