import { type ClientSurroundings, delay, Fifo } from '@tailrace/client'
import type { TailraceError } from '@tailrace/schemas'
import type { Pulse } from '../beats/pulse.ts'
import type { LeasedPartition } from './leased-partition.ts'

/** While no beat is confirmed, it is looked for so often. */
const LOOK_MS = 20
/** After so long without a pause other work of the program gets its turn: answers, timers, revocations. */
const TURN_MS = 50

/** From which partition the next record, or batch, is taken: each in its turn, batch by batch. */
export class Intake<Data> {
  readonly #pulse: Pulse
  readonly #now: () => number
  readonly #sessionMs: number
  readonly #surroundings: ClientSurroundings
  readonly #offered = new Fifo<LeasedPartition<Data>>()
  #wake: (() => void) | undefined
  #failure: TailraceError | undefined
  #isClosed = false
  #turnedAt = 0

  constructor(pulse: Pulse, now: () => number, sessionMs: number, surroundings: ClientSurroundings) {
    this.#pulse = pulse
    this.#now = now
    this.#sessionMs = sessionMs
    this.#surroundings = surroundings
  }

  /** Something can be taken from it. */
  offer(partition: LeasedPartition<Data>): void {
    if (partition.isOffered) return
    partition.isOffered = true
    this.#offered.push(partition)
    this.#wakeUp()
  }

  /**
   * A partition from which something may be taken now; undefined after `close`.
   * @throws TailraceError what it has failed with
   */
  async next(): Promise<LeasedPartition<Data> | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isClosed) return undefined
      const now = this.#now()
      // As long as no beat is confirmed, the leases may be others' by now.
      if (now - this.#pulse.confirmedAt > this.#sessionMs) await this.#pause(LOOK_MS)
      else if (now - this.#turnedAt > TURN_MS) {
        await this.#pause(0)
        this.#turnedAt = this.#now()
      } else {
        const partition = this.#offered.shift()
        if (partition === undefined) await this.#offers()
        else {
          partition.isOffered = false
          if (partition.isOpen && partition.hasNext) return partition
        }
      }
    }
  }

  /** Whether the next record of the same partition may be taken without asking `next`. */
  mayGoOn(partition: LeasedPartition<Data>, now: number): boolean {
    const isOver = this.#isClosed || this.#failure !== undefined
    const isConfirmed = now - this.#pulse.confirmedAt <= this.#sessionMs
    return !isOver && partition.isOpen && isConfirmed && now - this.#turnedAt <= TURN_MS
  }

  fail(error: TailraceError): void {
    this.#failure ??= error
    this.#wakeUp()
  }

  close(): void {
    this.#isClosed = true
    this.#wakeUp()
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, this.#surroundings)
  }

  async #offers(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#turnedAt = this.#now()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
