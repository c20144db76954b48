import type { Socket } from 'node:net'
import { type PeerCertificate, SocketStream } from 'tailrace/embedded'
import type { SocketBytes } from './stream-socket.ts'

/** Whether nothing gets through now, by the direction as the end that has opened the connection sees it. */
export interface LinkCuts {
  readonly outward: () => boolean
  readonly inward: () => boolean
}

/**
 * The end of a TCP connection that has opened it, and holds back both directions while its link is cut: as by a pulled
 * cable nothing is lost, no connection ends, and the other side fills its buffers.
 */
export class CutStream implements SocketBytes {
  readonly remote: string
  readonly encrypted = false
  readonly certificate: PeerCertificate | null = null
  onData: (chunk: Uint8Array) => void = () => {}
  onClose: (error: Error | null) => void = () => {}
  onDrain: () => void = () => {}
  readonly #socket: Socket
  readonly #stream: SocketStream
  readonly #cuts: LinkCuts
  readonly #gone: () => void
  /** Written while the link was cut. */
  readonly #unsent: Uint8Array[][] = []
  #unsentBytes = 0
  /** Arrived while the link was cut, or while the owner takes nothing. */
  readonly #unread: Uint8Array[] = []
  /** The end of the connection, not told yet; undefined: there was none. */
  #end: Error | null | undefined
  #isPaused = false
  /** What the owner wants to become of the connection when all has been sent. */
  #leaving: 'end' | 'destroy' | null = null
  #isOver = false

  /** `gone` is called when the connection has ended, and nothing of it is held back. */
  constructor(socket: Socket, cuts: LinkCuts, gone: () => void) {
    this.#socket = socket
    this.#gone = gone
    this.#stream = new SocketStream(socket)
    this.#cuts = cuts
    this.remote = this.#stream.remote
    this.#stream.onData = (chunk) => {
      this.#unread.push(chunk)
      this.#arrive()
    }
    this.#stream.onClose = (error) => {
      this.#end = error
      if (this.#isOver) this.#gone()
      else this.#arrive()
    }
    this.#stream.onDrain = () => this.onDrain()
  }

  get queuedBytes(): number {
    return this.#unsentBytes + this.#stream.queuedBytes
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#leaving !== null) return
    if (!this.#cuts.outward()) return void this.#stream.write(pieces)
    this.#unsent.push([...pieces])
    for (const piece of pieces) this.#unsentBytes += piece.length
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    process.nextTick(() => this.#arrive())
  }

  end(): void {
    this.#leave('end')
  }

  destroy(): void {
    this.#leave('destroy')
  }

  /** Its owner is dead and gets nothing more. */
  silence(): void {
    this.onData = () => {}
    this.onClose = () => {}
    this.onDrain = () => {}
  }

  /** To be called whenever the link has been cut or is whole again. */
  look(): void {
    if (!this.#cuts.outward()) this.#send()
    this.#arrive()
  }

  #send(): void {
    const held = this.#unsentBytes
    for (const pieces of this.#unsent.splice(0)) this.#stream.write(pieces)
    this.#unsentBytes = 0
    if (this.#leaving === 'destroy') return void this.#stream.destroy()
    // The stream gives its socket at the end of the turn what is written in it.
    if (this.#leaving === 'end') process.nextTick(() => this.#socket.end())
    else if (held > 0) process.nextTick(() => this.#socket.writableNeedDrain || this.onDrain())
  }

  /** Passes on what is there, as far as the owner takes it and the link lets it through. */
  #arrive(): void {
    if (this.#leaving !== null) this.#unread.length = 0
    const isCut = this.#leaving === null && this.#cuts.inward()
    while (this.#unread.length > 0 && !isCut && !this.#isPaused) this.onData(this.#unread.shift()!)
    // A connection that breaks tells even an owner who takes nothing.
    if (!isCut && this.#end !== undefined) return void this.#over(this.#end)
    if (isCut || this.#isPaused) this.#stream.pause()
    else this.#stream.resume()
  }

  #leave(how: 'end' | 'destroy'): void {
    if (this.#leaving === 'destroy' || this.#leaving === how) return
    this.#leaving = how
    if (!this.#cuts.outward()) return void this.#send()
    // The other side learns of it when the link is whole.
    if (how === 'destroy') {
      this.#unsent.length = 0
      this.#over(null)
    }
  }

  #over(error: Error | null): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#end !== undefined) this.#gone()
    process.nextTick(() => this.onClose(error))
  }
}
