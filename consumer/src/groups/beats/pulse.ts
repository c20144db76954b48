import type { Offset } from '@tailrace/schemas'

/** As many leases as an assignment has at most. */
export const MOST_LEASES = 10_000

const CONFIRMED_AT = 0
const GENERATION = 1
const FIRST_SLOT = 2
const CELLS_PER_SLOT = 3

/** A record that a handler has had since `since`, on the clock that both sides share. */
export interface HeldRecord {
  readonly since: number
  readonly offset: Offset
}

/**
 * What the thread that sends beats and the thread that handles records know of each other at any time, also while the
 * second one is busy and takes no messages. Each cell has one writer, and is written and read as a whole.
 */
export class Pulse {
  /** Shared between threads where there are two. */
  readonly memory: ArrayBufferLike
  readonly #cells: Float64Array

  /** `memory`: that of the other thread. */
  constructor(memory: ArrayBufferLike) {
    this.memory = memory
    this.#cells = new Float64Array(memory)
  }

  static bytes = 8 * (FIRST_SLOT + CELLS_PER_SLOT * MOST_LEASES)

  /** When the last beat was sent that the coordinator has answered; 0: none yet. Written by the side of the beats. */
  get confirmedAt(): number {
    return this.#cells[CONFIRMED_AT]!
  }

  set confirmedAt(at: number) {
    this.#cells[CONFIRMED_AT] = at
  }

  /** Grows when all leases are lost at once. Written by the side of the beats. */
  get generation(): number {
    return this.#cells[GENERATION]!
  }

  set generation(generation: number) {
    this.#cells[GENERATION] = generation
  }

  /** The record that has been handled for longest of the lease with this slot. Written by the side of the records. */
  hold(slot: number, since: number, offset: Offset): void {
    const cell = FIRST_SLOT + slot * CELLS_PER_SLOT
    this.#cells[cell + 1] = offset
    this.#cells[cell] = since
  }

  /** No record of the lease is being handled. */
  release(slot: number): void {
    this.#cells[FIRST_SLOT + slot * CELLS_PER_SLOT] = 0
  }

  /** The lease with this slot and token is not valid any more. Written by the side of the beats. */
  giveUp(slot: number, token: number): void {
    this.#cells[FIRST_SLOT + slot * CELLS_PER_SLOT + 2] = token
  }

  isGivenUp(slot: number, token: number): boolean {
    return this.#cells[FIRST_SLOT + slot * CELLS_PER_SLOT + 2] === token
  }

  held(slot: number): HeldRecord | undefined {
    const cell = FIRST_SLOT + slot * CELLS_PER_SLOT
    const since = this.#cells[cell]!
    return since === 0 ? undefined : { since, offset: this.#cells[cell + 1]! }
  }
}
