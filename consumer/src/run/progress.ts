import { Fifo } from '@tailrace/client'
import type { Offset, Term } from '@tailrace/schemas'

/** A record, or several that are handled as one, which has been handed out. */
export interface Step {
  /** The offset behind it. */
  readonly nextOffset: Offset
  readonly term: Term
  isDone: boolean
}

/**
 * How far a partition is done without a gap: the offset before which every record is done, whatever the order in which
 * they are. Steps begin in the order of their offsets.
 */
export class Progress {
  readonly #open = new Fifo<Step>()
  #position: Offset
  #term: Term

  constructor(position: Offset, term: Term) {
    this.#position = position
    this.#term = term
  }

  /** What may be committed. */
  get position(): Offset {
    return this.#position
  }

  /** Of the record before the position; 0: not known. */
  get term(): Term {
    return this.#term
  }

  /** Steps that are not done, or have one before them that is not. */
  get open(): number {
    return this.#open.length
  }

  begin(nextOffset: Offset, term: Term): Step {
    const step = { nextOffset, term, isDone: false }
    this.#open.push(step)
    return step
  }

  finish(step: Step): void {
    step.isDone = true
    for (let first = this.#open.first; first?.isDone; first = this.#open.first) {
      this.#position = first.nextOffset
      this.#term = first.term
      this.#open.shift()
    }
  }
}
