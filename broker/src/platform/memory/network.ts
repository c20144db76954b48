import { TailraceError } from '@tailrace/schemas'
import { formatAddress, parseAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Listener, Network } from '../network.ts'
import type { Random } from '../random.ts'
import { MemoryStream, type Wire } from './stream.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  /** One-way delay in ms, drawn anew for each turn's bytes; order within a stream holds as in TCP. */
  readonly minDelayMs?: number
  readonly maxDelayMs?: number
  /** Chunks are cut at random into 1 to this many bytes. */
  readonly maxChunkBytes?: number
  /**
   * Whether a connection to this address, where nothing listens, waits until something does, or times out, as to a
   * machine that is off; default: it is refused.
   */
  readonly silentWhenDown?: (address: string) => boolean
  /** Told of bytes that arrive, and from which host to which. */
  readonly onChunk?: (from: string, to: string, chunk: Uint8Array) => void
}

interface MemoryListener {
  readonly host: string
  readonly onStream: (stream: MemoryStream) => void
}

const FIRST_FREE_PORT = 40_000

/**
 * A network within one process: hosts by name, streams that behave like TCP, links that can be cut and healed. The same
 * clock, seed and calls give the same history. A cut link loses nothing and closes no connection, like a pulled cable:
 * bytes wait, connects time out.
 */
export class MemoryNetwork {
  readonly #clock: Clock
  readonly #random: Random
  readonly #delay: () => number
  readonly #onChunk: MemoryNetworkOptions['onChunk']
  /** Milliseconds more, by the way. */
  readonly #slow = new Map<string, number>()
  readonly #maxChunkBytes: number
  readonly #silentWhenDown: (address: string) => boolean
  readonly #listeners = new Map<string, MemoryListener>()
  /** Attempts to connect to addresses where nothing listens yet. */
  readonly #knocking = new Map<string, Set<() => void>>()
  readonly #cut = new Set<string>()
  /** What waits for the process of a host to go on. */
  readonly #still = new Map<string, (() => void)[]>()
  readonly #streams = new Set<MemoryStream>()
  #nextPort = FIRST_FREE_PORT

  constructor(options: MemoryNetworkOptions) {
    const { clock, random, minDelayMs = 0, maxDelayMs = 2, maxChunkBytes = 65536 } = options
    const { silentWhenDown = () => false } = options
    this.#clock = clock
    this.#random = random
    this.#delay = () => minDelayMs + random.below(maxDelayMs - minDelayMs + 1)
    this.#maxChunkBytes = maxChunkBytes
    this.#silentWhenDown = silentWhenDown
    this.#onChunk = options.onChunk
  }

  /** The network as the broker on machine `host` sees it; it listens on addresses `<host>:port`. */
  host(host: string): Network {
    return {
      listen: async (address, onStream) => this.listen(host, address, onStream),
      connect: (address, timeoutMs) => this.connect(host, address, timeoutMs),
    }
  }

  /** From now on no bytes that `from` sends reach `to`. Call it twice, the other way round too, to cut both ways. */
  cut(from: string, to: string): void {
    this.#cut.add(way(from, to))
  }

  /** Undoes `cut`: waiting bytes are delivered. */
  heal(from: string, to: string): void {
    if (!this.#cut.delete(way(from, to))) return
    for (const stream of [...this.#streams]) if (stream.host === to && stream.peerHost === from) stream.arrive()
  }

  /** From now on bytes that `from` sends take `ms` milliseconds longer to reach `to`; 0: as before. */
  slow(from: string, to: string, ms: number): void {
    if (ms > 0) this.#slow.set(way(from, to), ms)
    else this.#slow.delete(way(from, to))
  }

  /** Breaks all connections between two machines, as a router that restarts; new ones can be made. */
  reset(a: string, b: string): void {
    for (const stream of [...this.#streams]) {
      if (stream.host === a && stream.peerHost === b) stream.reset(new Error('connection reset'))
      if (stream.host === b && stream.peerHost === a) stream.reset(new Error('connection reset'))
    }
  }

  /**
   * A machine's process stands still, as on SIGSTOP: its kernel goes on, so connections are made and stay, and bytes
   * for it wait.
   */
  suspend(host: string): void {
    if (!this.#still.has(host)) this.#still.set(host, [])
  }

  /** Undoes `suspend`: the process learns of all that has happened meanwhile. */
  resume(host: string): void {
    const waiting = this.#still.get(host) ?? []
    this.#still.delete(host)
    for (const call of waiting) this.#clock.soon(() => this.#within(host, call))
    this.#clock.soon(() => {
      for (const stream of [...this.#streams]) if (stream.host === host) stream.arrive()
    })
  }

  /**
   * A machine's process ends without a message of its own: its streams and listeners are gone, others see their
   * connections close.
   */
  kill(host: string): void {
    this.#still.delete(host)
    for (const [address, listener] of this.#listeners) if (listener.host === host) this.#listeners.delete(address)
    for (const stream of [...this.#streams]) {
      if (stream.host !== host) continue
      stream.silence()
      stream.destroy()
    }
  }

  /** As `host(host).listen`, at once. @throws TailraceError INVALID_SETTING */
  listen(host: string, address: string, onStream: (stream: MemoryStream) => void): Listener {
    const asked = parseAddress(address)
    const real = formatAddress({ host: asked.host, port: asked.port === 0 ? this.#nextPort++ : asked.port })
    if (asked.host !== host) throw new TailraceError('INVALID_SETTING', `${address} is not an address of ${host}.`)
    if (this.#listeners.has(real)) throw new TailraceError('INVALID_SETTING', `The address ${real} is taken.`)
    const listener: MemoryListener = { host, onStream }
    this.#listeners.set(real, listener)
    for (const knock of this.#knocking.get(real) ?? []) knock()
    return {
      address: real,
      close: async () => {
        if (this.#listeners.get(real) === listener) this.#listeners.delete(real)
      },
    }
  }

  /** As `host(from).connect`. @throws TailraceError CONNECTION_LOST */
  async connect(from: string, address: string, timeoutMs: number): Promise<MemoryStream> {
    const to = parseAddress(address).host
    return new Promise((resolve, reject) => {
      let waiting = true
      const end = () => {
        waiting = false
        timer.cancel()
        this.#knock(address, attempt, false)
      }
      const fail = (why: string) => {
        const error = new TailraceError('CONNECTION_LOST', `Cannot connect to ${address}: ${why}.`)
        if (waiting) this.#within(from, () => reject(error))
        end()
      }
      const timer = this.#clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`))
      const attempt = () => {
        if (!waiting || this.#isCut(from, to) || this.#isCut(to, from)) return
        const listener = this.#listeners.get(address)
        if (listener === undefined)
          return this.#silentWhenDown(address) ? this.#knock(address, attempt, true) : fail('refused')
        end()
        const [near, far] = this.#pair(from, address, listener.host)
        this.#within(listener.host, () => listener.onStream(far))
        this.#within(from, () => resolve(near))
      }
      this.#clock.after(this.#delayOf(from, to), attempt)
    })
  }

  #within(host: string, call: () => void): void {
    const waiting = this.#still.get(host)
    if (waiting === undefined) call()
    else waiting.push(call)
  }

  #knock(address: string, attempt: () => void, waits: boolean): void {
    const attempts = this.#knocking.get(address) ?? new Set()
    if (waits) this.#knocking.set(address, attempts.add(attempt))
    else if (attempts.delete(attempt) && attempts.size === 0) this.#knocking.delete(address)
  }

  #pair(from: string, address: string, to: string): [MemoryStream, MemoryStream] {
    const wire: Wire = {
      clock: this.#clock,
      random: this.#random,
      delayMs: (a, b) => this.#delayOf(a, b),
      onChunk: this.#onChunk,
      maxChunkBytes: this.#maxChunkBytes,
      isCut: (a, b) => this.#isCut(a, b),
      isStill: (host) => this.#still.has(host),
      within: (host, call) => this.#within(host, call),
      gone: (stream) => void this.#streams.delete(stream),
    }
    const near = new MemoryStream(wire, from, to, address)
    const far = new MemoryStream(wire, to, from, formatAddress({ host: from, port: this.#nextPort++ }))
    near.peer = far
    far.peer = near
    this.#streams.add(near).add(far)
    return [near, far]
  }

  #delayOf(from: string, to: string): number {
    return this.#delay() + (this.#slow.get(way(from, to)) ?? 0)
  }

  #isCut(from: string, to: string): boolean {
    return this.#cut.has(way(from, to))
  }
}

function way(from: string, to: string): string {
  return `${from} > ${to}`
}
