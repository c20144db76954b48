import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../../platform/clock.ts'

/**
 * Pieces smaller than this are copied together: a fragment of its own costs a frame header and two entries of a writev,
 * about as much as copying a few kilobytes. Larger ones leave as fragments of one message, uncopied, which every
 * WebSocket client puts together again.
 */
const gatherBelow = 4096
const whole = { binary: true, fin: true, compress: false } as const
const part = { binary: true, fin: false, compress: false } as const

/** Sends messages on one WebSocket; all messages of a turn leave in one write. */
export class Outbox {
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #clock: Clock
  #corked = false

  /** `stream`: the TCP socket below, for corking. */
  constructor(socket: WebSocket, stream: Duplex, clock: Clock) {
    this.#socket = socket
    this.#stream = stream
    this.#clock = clock
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  sendText(text: string): void {
    if (this.#cork()) this.#socket.send(text)
  }

  /**
   * A message with its WebSocket header, which must not change afterwards. ws holds nothing back (it compresses
   * nothing), so these bytes come behind all that were sent before. `alone`: no other message of this turn is to
   * be expected, so it need not wait for the end of the turn.
   */
  sendMessage(pieces: readonly Uint8Array[], alone: boolean): void {
    if (!this.#isOpen || ((!alone || pieces.length > 1) && !this.#cork())) return
    for (const piece of pieces) this.#stream.write(piece)
  }

  /** One binary message of the pieces back to back. They must not change afterwards. */
  sendPieces(pieces: readonly Uint8Array[]): void {
    if (!this.#cork()) return
    let first = 0
    let bytes = 0
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at]!
      if (piece.length < gatherBelow) {
        bytes += piece.length
        continue
      }
      if (bytes > 0) this.#socket.send(gather(pieces, first, at, bytes), part)
      this.#socket.send(piece, at === pieces.length - 1 ? whole : part)
      first = at + 1
      bytes = 0
    }
    if (first < pieces.length) this.#socket.send(gather(pieces, first, pieces.length, bytes), whole)
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  #cork(): boolean {
    if (!this.#isOpen) return false
    if (!this.#corked) {
      this.#corked = true
      this.#stream.cork()
      this.#clock.soon(() => {
        this.#corked = false
        this.#stream.uncork()
      })
    }
    return true
  }
}

function gather(pieces: readonly Uint8Array[], from: number, to: number, bytes: number): Uint8Array {
  if (to - from === 1) return pieces[from]!
  const gathered = new Uint8Array(bytes)
  let at = 0
  for (let i = from; i < to; i++) {
    gathered.set(pieces[i]!, at)
    at += pieces[i]!.length
  }
  return gathered
}
