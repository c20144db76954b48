import { type ClientSurroundings, delay, Fifo } from '@tailrace/client'

/** While nothing may be handed out, it is looked for so often. */
const LOOK_MS = 20
/** After so long without a pause other work of the program gets its turn: answers, timers, revocations. */
const TURN_MS = 50

/** A partition from which records, or batches, are taken. */
export interface TakenFrom {
  /** It stands among those from which the next record is taken. */
  isOffered: boolean
  /** Records may be taken. */
  readonly isOpen: boolean
  readonly hasNext: boolean
}

export interface IntakeParts {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Whether anything may be handed out at this time: leases may be others' by now. */
  readonly mayHandOut: (now: number) => boolean
  readonly surroundings: ClientSurroundings
}

/** From which partition the next record, or batch, is taken: each in its turn, batch by batch. */
export class Intake<Partition extends TakenFrom> {
  readonly #parts: IntakeParts
  readonly #offered = new Fifo<Partition>()
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #isClosed = false
  #turnedAt = 0

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** It was closed, or has failed: nothing more is handed out. */
  get isOver(): boolean {
    return this.#isClosed || this.#failure !== undefined
  }

  now(): number {
    return this.#parts.now()
  }

  /** Something can be taken from it. */
  offer(partition: Partition): void {
    if (partition.isOffered) return
    partition.isOffered = true
    this.#offered.push(partition)
    this.#wakeUp()
  }

  /**
   * A partition from which something may be taken now; undefined after `close`.
   * @throws what it has failed with
   */
  async next(): Promise<Partition | undefined> {
    const { now, mayHandOut } = this.#parts
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#isClosed) return undefined
      const at = now()
      if (!mayHandOut(at)) await this.#pause(LOOK_MS)
      else if (at - this.#turnedAt > TURN_MS) {
        await this.#pause(0)
        this.#turnedAt = now()
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
  mayGoOn(partition: Partition, now: number): boolean {
    return !this.isOver && partition.isOpen && this.#parts.mayHandOut(now) && now - this.#turnedAt <= TURN_MS
  }

  /** Whether a record that was taken before may be begun: the lease may have become another's since. */
  mayBegin(now: number): boolean {
    return this.isOver || this.#parts.mayHandOut(now)
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wakeUp()
  }

  close(): void {
    this.#isClosed = true
    this.#wakeUp()
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, this.#parts.surroundings)
  }

  async #offers(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#turnedAt = this.#parts.now()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
