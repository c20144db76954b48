import { TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'

export interface HeldBytesLimits {
  readonly bytes: number
  /** A message held unfinished for longer than this is cut off where others need the room. */
  readonly graceMs: number
  /** A message unfinished for longer than this is cut off in any case. */
  readonly maxAgeMs: number
}

/** The owner of held bytes. */
export interface Holder {
  /** Drops everything, tells the client why where that is possible, and calls `release`. */
  cutOff(error: TailraceError): void
  /** There is room for the bytes to which `hold` returned false. */
  resume?(): void
}

const sweepMs = 500

interface Client {
  bytes: number
  /** Of these: bytes of whole messages, which cannot be cut off. */
  finishedBytes: number
  /** In the order of their begin. */
  readonly unfinished: Set<Holding>
}

/**
 * Bytes that clients make the broker hold: messages that arrive, answers that wait to be read. One limit for all, half
 * of it for one client. Where it is reached, the message that has been unfinished longest is cut off: an honest message
 * takes milliseconds, so clients that stall make room for those that do not, also where all have one address. The
 * oldest may always go on, so that a message within its own limits is finished.
 */
export class HeldBytes {
  readonly #clock: Clock
  readonly #limits: HeldBytesLimits
  readonly #clients = new Map<string, Client>()
  readonly #unfinished = new Set<Holding>()
  readonly #starved = new Set<Holding>()
  #bytes = 0
  #finishedBytes = 0
  #sweep: TimerHandle | null = null
  #waking = false

  constructor(clock: Clock, limits: HeldBytesLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Nothing is held before the first `hold`. */
  open(client: string, holder: Holder): Holding {
    return new Holding(this, client, holder)
  }

  /** For Holding alone. */
  change(holding: Holding, bytes: number): boolean {
    const change = bytes - holding.bytes
    const client = this.#clientOf(holding.client)
    holding.bytes = bytes
    client.bytes += change
    this.#bytes += change
    if (change < 0) this.#wakeSoon()
    return change <= 0 || this.#fits(holding, client) || this.#makeRoom(holding, client)
  }

  begin(holding: Holding): void {
    holding.since = this.#clock.monotonic()
    const client = this.#clientOf(holding.client)
    client.unfinished.add(holding)
    client.finishedBytes -= holding.bytes
    this.#finishedBytes -= holding.bytes
    this.#unfinished.add(holding)
    this.#sweep ??= this.#clock.every(sweepMs, () => this.#cutOld())
  }

  end(holding: Holding): void {
    const client = this.#clientOf(holding.client)
    client.unfinished.delete(holding)
    client.finishedBytes += holding.bytes
    this.#finishedBytes += holding.bytes
    this.#unfinished.delete(holding)
    this.#starved.delete(holding)
    if (client.bytes === 0 && client.unfinished.size === 0) this.#clients.delete(holding.client)
    if (this.#unfinished.size > 0) return
    this.#sweep?.cancel()
    this.#sweep = null
  }

  /** Bytes that have been released. */
  release(holding: Holding): void {
    const client = this.#clientOf(holding.client)
    client.finishedBytes -= holding.bytes
    this.#finishedBytes -= holding.bytes
    this.change(holding, 0)
    if (client.bytes === 0 && client.unfinished.size === 0) this.#clients.delete(holding.client)
  }

  #clientOf(name: string): Client {
    let client = this.#clients.get(name)
    if (client === undefined) this.#clients.set(name, (client = { bytes: 0, finishedBytes: 0, unfinished: new Set() }))
    return client
  }

  #fits(holding: Holding, client: Client): boolean {
    const { bytes } = this.#limits
    if (client.bytes <= bytes / 2 && this.#bytes <= bytes) return true
    if (!this.#couldFit(holding, client)) return false
    // The oldest one ends sooner or later, and its room is bounded by the size of a message.
    return first(this.#unfinished) === holding || (this.#bytes <= bytes && first(client.unfinished) === holding)
  }

  /** Whether there would be room beside whole messages. A message held alone always fits. */
  #couldFit(holding: Holding, client: Client): boolean {
    const { bytes } = this.#limits
    if (this.#finishedBytes === 0) return true
    return client.finishedBytes + holding.bytes <= bytes / 2 && this.#finishedBytes + holding.bytes <= bytes
  }

  #makeRoom(holding: Holding, client: Client): boolean {
    const now = this.#clock.monotonic()
    while (!this.#fits(holding, client)) {
      // Bytes that arrived in one read count even where they do not fit: beyond twice a client's share, no message is
      // spared.
      const { bytes } = this.#limits
      const isFar = client.bytes - holding.bytes > bytes || this.#bytes - holding.bytes > 1.5 * bytes
      const oldest = isFar ? now : now - this.#limits.graceMs
      const from = client.bytes > this.#limits.bytes / 2 ? client : this.#largest()
      const victim = this.#couldFit(holding, client) ? first(from.unfinished) : undefined
      if (victim === undefined || victim === holding || victim.since > oldest) {
        this.#starved.add(holding)
        return false
      }
      victim.cutOff(new TailraceError('OVERLOADED', 'Others needed the room that an unfinished message took.'))
    }
    return true
  }

  #largest(): Client {
    let largest: Client | null = null
    for (const client of this.#clients.values()) if (largest === null || client.bytes > largest.bytes) largest = client
    return largest!
  }

  #cutOld(): void {
    const oldest = this.#clock.monotonic() - this.#limits.maxAgeMs
    for (const holding of this.#unfinished) {
      if (holding.since > oldest) break
      holding.cutOff(new TailraceError('TIMED_OUT', 'A message was not finished in time.'))
    }
    this.#wake()
  }

  #wakeSoon(): void {
    if (this.#starved.size === 0 || this.#waking) return
    this.#waking = true
    this.#clock.soon(() => {
      this.#waking = false
      this.#wake()
    })
  }

  #wake(): void {
    for (const holding of [...this.#starved]) {
      const client = this.#clientOf(holding.client)
      if (!this.#fits(holding, client) && !this.#makeRoom(holding, client)) continue
      this.#starved.delete(holding)
      holding.resume()
    }
  }
}

/** The bytes held for one message or answer. */
export class Holding {
  bytes = 0
  /** When the unfinished message began. */
  since = 0
  readonly client: string
  readonly #held: HeldBytes
  readonly #holder: Holder
  #isUnfinished = false

  constructor(held: HeldBytes, client: string, holder: Holder) {
    this.#held = held
    this.client = client
    this.#holder = holder
  }

  /**
   * Says how many bytes are held now, for something unfinished. False: take no more until `resume` is called, which may
   * never happen; the bytes count in any case.
   */
  hold(bytes: number): boolean {
    if (!this.#isUnfinished) {
      this.#isUnfinished = true
      this.#held.begin(this)
    }
    return this.#held.change(this, bytes)
  }

  /** The message is whole, or waits for the broker: it cannot be cut off, and its bytes count until `release`. */
  finish(): void {
    if (!this.#isUnfinished) return
    this.#isUnfinished = false
    this.#held.end(this)
  }

  release(): void {
    this.finish()
    if (this.bytes > 0) this.#held.release(this)
  }

  cutOff(error: TailraceError): void {
    this.finish()
    this.#holder.cutOff(error)
    // The room is free even if the holder throws.
    this.release()
  }

  resume(): void {
    this.#holder.resume?.()
  }
}

function first<Item>(items: ReadonlySet<Item>): Item | undefined {
  for (const item of items) return item
  return undefined
}
