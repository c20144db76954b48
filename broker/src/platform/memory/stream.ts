import type { Clock } from '../clock.ts'
import type { ByteStream } from '../network.ts'
import type { Random } from '../random.ts'

/** The services that a stream needs of its network. */
export interface Wire {
  readonly clock: Clock
  readonly random: Random
  readonly delayMs: (from: string, to: string) => number
  readonly onChunk: ((from: string, to: string, chunk: Uint8Array) => void) | undefined
  readonly maxChunkBytes: number
  readonly isCut: (from: string, to: string) => boolean
  /** Whether the process of this host stands still. */
  readonly isStill: (host: string) => boolean
  /** Calls what is of this host's process: now, or when it goes on. */
  readonly within: (host: string, call: () => void) => void
  readonly gone: (stream: MemoryStream) => void
}

/** Sent and not yet read bytes that count as taken by the kernels of both sides, as TCP's buffers do. */
const KERNEL_BYTES = 256 * 1024

/** In flight to a stream: bytes, or the end of the connection by the other side. */
interface Flight {
  readonly bytes: Uint8Array | null
}

/**
 * One end of a connection in memory. Bytes arrive in order, in random chunks, never within the call that wrote them.
 */
export class MemoryStream implements ByteStream {
  readonly host: string
  readonly peerHost: string
  readonly remote: string
  readonly encrypted = false
  readonly certificate = null
  peer!: MemoryStream
  onData: (chunk: Uint8Array) => void = () => {}
  onClose: (error: Error | null) => void = () => {}
  onDrain: () => void = () => {}
  readonly #wire: Wire
  #closed = false
  #paused = false
  #delivering = false
  /** Written in this turn. */
  #turn: Uint8Array[] = []
  /** Written here and not yet read over there. */
  #unreadBytes = 0
  #drainWanted = false
  #lastLanding = 0
  /** Landed here and not yet read. */
  readonly #inbox: Flight[] = []
  /** How far the first of the inbox has been read. */
  #readTo = 0
  /** Sent by the other side and not yet landed here. */
  readonly #underWay = new Set<Flight>()

  constructor(wire: Wire, host: string, peerHost: string, remote: string) {
    this.#wire = wire
    this.host = host
    this.peerHost = peerHost
    this.remote = remote
  }

  get queuedBytes(): number {
    return Math.max(0, this.#unreadBytes - KERNEL_BYTES)
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#closed) return
    if (this.#turn.length === 0) this.#wire.clock.soon(() => this.#flushTurn())
    for (const piece of pieces) {
      this.#turn.push(piece)
      this.#unreadBytes += piece.length
    }
    if (this.queuedBytes > 0) this.#drainWanted = true
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#wire.clock.soon(() => this.arrive())
  }

  /**
   * Bytes in flight may be lost or not, as with TCP: the seed decides. The other side learns of it later, if the link
   * is up.
   */
  destroy(): void {
    if (this.#closed) return
    if (this.#wire.random.below(2) === 0) this.peer.#loseFlights()
    this.#close(null)
    this.#send({ bytes: null })
  }

  /** Lets the other side read all that was written, and then learn of the end. Nothing more comes from there. */
  end(): void {
    if (this.#closed) return
    if (this.#turn.length > 0) this.#flushTurn()
    this.#close(null)
    this.#send({ bytes: null })
  }

  /** Both sides lose the connection now. */
  reset(error: Error): void {
    this.#close(error)
    this.peer.#close(error)
  }

  /** Its owner is dead and gets nothing more. */
  silence(): void {
    this.onData = () => {}
    this.onClose = () => {}
    this.onDrain = () => {}
  }

  /** Delivers the bytes that have landed, as far as the receiver wants them and the link lets them through. */
  arrive(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      while (this.#inbox.length > 0 && this.#isReading()) {
        const { bytes } = this.#inbox[0]!
        if (bytes === null) this.#close(null)
        else this.#deliverChunk(bytes)
      }
    } finally {
      this.#delivering = false
    }
  }

  #isReading(): boolean {
    const { isCut, isStill } = this.#wire
    return !this.#closed && !this.#paused && !isCut(this.peerHost, this.host) && !isStill(this.host)
  }

  #deliverChunk(bytes: Uint8Array): void {
    const size = Math.min(bytes.length - this.#readTo, 1 + this.#wire.random.below(this.#wire.maxChunkBytes))
    const chunk = bytes.subarray(this.#readTo, this.#readTo + size)
    this.#readTo += size
    if (this.#readTo === bytes.length) {
      this.#inbox.shift()
      this.#readTo = 0
    }
    this.peer.#wasRead(size)
    if (size === 0) return
    this.#wire.onChunk?.(this.peerHost, this.host, chunk)
    this.onData(chunk)
  }

  #wasRead(bytes: number): void {
    this.#unreadBytes -= bytes
    if (!this.#drainWanted || this.queuedBytes > 0) return
    this.#drainWanted = false
    this.#tell(() => {
      if (!this.#closed) this.onDrain()
    })
  }

  #flushTurn(): void {
    if (this.#closed) return
    const pieces = this.#turn
    this.#turn = []
    // Copied here: the receiver owns its chunks, the sender may share its pieces with others.
    this.#send({ bytes: joined(pieces) })
  }

  #send(flight: Flight): void {
    const { clock } = this.#wire
    const peer = this.peer
    this.#lastLanding = Math.max(this.#lastLanding, clock.monotonic() + this.#wire.delayMs(this.host, this.peerHost))
    peer.#underWay.add(flight)
    clock.after(this.#lastLanding - clock.monotonic(), () => peer.#land())
  }

  /**
   * The first one in flight lands, whichever timer fires: order does not depend on the clock's treatment of equal
   * deadlines.
   */
  #land(): void {
    const [flight] = this.#underWay
    if (flight === undefined) return
    this.#underWay.delete(flight)
    this.#inbox.push(flight)
    this.arrive()
  }

  #loseFlights(): void {
    this.#underWay.clear()
  }

  #close(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#turn = []
    this.#unreadBytes = 0
    this.#inbox.length = 0
    this.#wire.gone(this)
    this.#tell(() => this.onClose(error))
  }

  #tell(call: () => void): void {
    this.#wire.clock.soon(() => this.#wire.within(this.host, call))
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  const result = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    result.set(piece, at)
    at += piece.length
  }
  return result
}
