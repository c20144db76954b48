import { baseSequenceAt } from '@tailrace/schemas'
import type { Batch } from './batch.ts'
import { type Identity, restamp, sequenceAfter } from './identity.ts'

/**
 * The batches of a partition that have a sequence, oldest first; the first `sent` of them have been sent since the last
 * rewind. An acknowledged batch stays until all before it are acknowledged: its place counts against what may be under
 * way, so that a broker, which remembers five batches, still knows the oldest one.
 */
export class LaneQueue {
  readonly #batches: Batch[] = []
  #identity: Identity
  #nextSequence = 0
  #sent = 0
  /** Transmissions without an answer yet. */
  inFlight = 0

  constructor(identity: Identity) {
    this.#identity = identity
  }

  get identity(): Identity {
    return this.#identity
  }

  /** Sequence of the next batch's first record. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  get sent(): number {
    return this.#sent
  }

  /** Also skips batches that need no sending: those acknowledged behind one that was not, after a rewind. */
  get hasUnsent(): boolean {
    while (this.#batches[this.#sent]?.state === 'acknowledged') this.#sent++
    return this.#sent < this.#batches.length
  }

  get nextUnsent(): Batch {
    return this.#batches[this.#sent]!
  }

  get hasWaiting(): boolean {
    return this.#batches.some((batch) => batch.state === 'waiting')
  }

  get hasGapAtHead(): boolean {
    return this.#batches[0]?.state === 'gap'
  }

  waiting(): Batch[] {
    return this.#batches.filter((batch) => batch.state === 'waiting')
  }

  /** None of its batches will be sent any more. */
  clear(): void {
    this.#batches.length = 0
    this.#sent = 0
  }

  isHead(batch: Batch): boolean {
    return this.#batches[0] === batch
  }

  push(batch: Batch): void {
    this.#batches.push(batch)
    this.#nextSequence = sequenceAfter(this.#nextSequence, batch.count)
  }

  /**
   * Puts batches with the same records and sequences in the place of one that was refused. They go out with the next
   * rewind.
   */
  replace(batch: Batch, parts: readonly Batch[]): void {
    this.#batches.splice(this.#batches.indexOf(batch), 1, ...parts)
  }

  takeUnsent(): Batch {
    this.inFlight++
    return this.#batches[this.#sent++]!
  }

  dropAcknowledged(): void {
    while (this.#batches[0]?.state === 'acknowledged') {
      this.#batches.shift()
      this.#sent--
    }
  }

  /** Everything that is not acknowledged will be sent (again). Only with nothing in flight. */
  rewind(): void {
    this.#sent = 0
  }

  /**
   * Closes the gap at the head where no log has any of the batches nor will have it from what was sent: those behind
   * refused ones take their sequences. False where a log may. Only with nothing in flight.
   */
  closeGap(): boolean {
    const isFree = ({ state, isRefused, outcomeUnknown }: Batch): boolean =>
      !outcomeUnknown && (state === 'waiting' || isRefused)
    if (!this.#batches.every(isFree)) return false
    const waiting = this.waiting()
    this.#nextSequence = baseSequenceAt(this.#batches[0]!.bytes!, 0)
    this.clear()
    for (const batch of waiting) {
      restamp(batch.bytes!, this.#identity, this.#nextSequence)
      batch.graceUntil = 0
      this.push(batch)
    }
    return true
  }

  /**
   * Closes the gap at the head by starting over: waiting batches get a new identity and sequences from 0. Only with
   * nothing in flight.
   *
   * If the failed batch may yet turn up in the log, so may those behind it that were sent and not answered: they fit
   * its sequence. They are taken out and returned. If it was refused each time it was sent, brokers can never take
   * those behind it under the old identity, and all of them may be sent again.
   */
  renew(identity: Identity): Batch[] {
    const mayTurnUp = this.#batches.some((batch) => batch.state === 'gap' && batch.outcomeUnknown)
    const waiting = this.waiting()
    const doubtful = mayTurnUp ? waiting.filter((batch) => batch.outcomeUnknown) : []
    this.#batches.length = 0
    this.#sent = 0
    this.#identity = identity
    this.#nextSequence = 0
    for (const batch of waiting) {
      if (doubtful.includes(batch)) continue
      restamp(batch.bytes!, identity, this.#nextSequence)
      batch.outcomeUnknown = false
      batch.graceUntil = 0
      this.push(batch)
    }
    return doubtful
  }
}
