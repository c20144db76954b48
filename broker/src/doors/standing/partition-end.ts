import { type Offset, TailraceError } from '@tailrace/schemas'
import type { FetchRequest, FetchResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { noLongerWanted } from '../limits/no-longer-wanted.ts'
import { Delivery } from './delivery.ts'

/** A reader that has all records of a partition and waits for the next. */
export interface StandingReader {
  /** The next to send. */
  readonly offset: Offset
  /**
   * Takes what was found at `offset`; without batches it is only looked whether the reader may still stand here. True:
   * it stands behind all that was found. False: it reads on by itself.
   */
  deliver(delivery: Delivery): boolean
  /** Whether it has still its right to read. False: it has been told, and leaves. */
  mayStay(): boolean
  /** Serving it has failed for a mistake of the broker. */
  fault(error: unknown): void
  /**
   * It reads on by itself. `error`: what the partition answers to those that stand here; null: the leader has rules
   * that are not known here yet, so that each must ask under its own name.
   */
  dismiss(error: unknown): void
}

const waitMs = 30_000
/** Where such a wait has brought nothing. Readers' rights are looked at meanwhile (PartitionEnds). */
const idleWaitMs = 600_000
/** An empty answer before this time would be requested again at once, without end. */
const leastWaitMs = 15_000
/** Only new records come: those of the moments in which the readers were served. */
const maxBytes = 256 * 1024
/** Readers that are served before others get their turn: about a millisecond. */
export const readersInATurn = 128

/**
 * The readers that stand at one offset of one partition. One read waits there for all of them, and what it brings
 * becomes one message for all. Records that come while readers are served are the next message.
 */
export class PartitionEnd {
  readonly #fetch: (request: FetchRequest) => Promise<FetchResult>
  readonly #clock: Clock
  readonly #onEnd: (end: PartitionEnd) => void
  readonly #readers = new Set<StandingReader>()
  readonly #abort = new AbortController()
  #offset: Offset
  /** The last wait was whole, and `#offset` is the end of the partition. */
  #isIdle = false
  /** What is being delivered, and to whom it comes next. */
  #delivery: Delivery | null = null
  #next: IterableIterator<StandingReader> = [].values()
  #isOver = false

  /** `onEnd`: nobody stands here any more, and nobody may. */
  constructor(
    offset: Offset,
    fetch: (request: FetchRequest) => Promise<FetchResult>,
    clock: Clock,
    onEnd: (end: PartitionEnd) => void,
  ) {
    this.#offset = offset
    this.#fetch = fetch
    this.#clock = clock
    this.#onEnd = onEnd
  }

  get readers(): ReadonlySet<StandingReader> {
    return this.#readers
  }

  /** Whether a reader at this offset may stand here: not where those that stand here are at another one. */
  isAt(offset: Offset): boolean {
    return !this.#isOver && (offset === this.#offset || offset === this.#delivery?.found.nextOffset)
  }

  /** False: it may not, see `isAt`. */
  stand(reader: StandingReader): boolean {
    const isFirst = this.#readers.size === 0 && this.#delivery === null
    if (!this.isAt(reader.offset)) return false
    this.#readers.add(reader)
    if (isFirst) this.#ask()
    return true
  }

  leave(reader: StandingReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size === 0 && this.#delivery === null) this.#end()
  }

  /** It leaves where it has lost its right to read. */
  check(reader: StandingReader): void {
    if (!faultless(reader, () => reader.mayStay())) this.leave(reader)
  }

  #ask(): void {
    const wait = this.#isIdle ? idleWaitMs : waitMs
    const askedAt = this.#clock.monotonic()
    const asked = this.#fetch({ offset: this.#offset, maxBytes, waitMs: wait, signal: this.#abort.signal })
    asked
      .then(
        (found) => this.#onFound(found, this.#clock.monotonic() - askedAt),
        (error) => this.#release((reader) => reader.dismiss(error)),
      )
      .catch((error) => this.#release((reader) => reader.fault(error)))
  }

  #onFound(found: FetchResult, waitedMs: number): void {
    if (this.#isOver) return
    const isEmpty = found.batches.length === 0 && found.nextOffset === this.#offset
    if (isEmpty && waitedMs < leastWaitMs) {
      const error = new TailraceError('LEADER_UNAVAILABLE', 'It has answered nothing before the time was over.')
      this.#release((reader) => reader.dismiss(error))
    } else if (found.newerRules === true) this.#release((reader) => reader.dismiss(null))
    else {
      this.#isIdle = isEmpty && found.highWatermark === this.#offset
      this.#delivery = new Delivery(found, this.#offset)
      this.#next = this.#readers.values()
      this.#serve(this.#delivery)
    }
  }

  #serve(delivery: Delivery): void {
    for (let served = 0; served < readersInATurn; served++) {
      const { value: reader, done } = this.#next.next()
      if (done === true) {
        this.#goOn(delivery.found.nextOffset)
        return
      }
      // Another offset: it came while the others were served, and has these records.
      if (reader.offset === this.#offset && !faultless(reader, () => reader.deliver(delivery)))
        this.#readers.delete(reader)
    }
    this.#clock.soon(() => this.#serve(delivery))
  }

  #goOn(offset: Offset): void {
    this.#delivery = null
    this.#offset = offset
    if (this.#readers.size === 0) this.#end()
    else this.#ask()
  }

  /** Nobody stands here any more. */
  #release(tell: (reader: StandingReader) => void): void {
    const readers = [...this.#readers]
    this.#readers.clear()
    this.#end()
    for (const reader of readers) tell(reader)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort.abort(noLongerWanted)
    this.#onEnd(this)
  }
}

function faultless(reader: StandingReader, call: () => boolean): boolean {
  try {
    return call()
  } catch (error) {
    reader.fault(error)
    return false
  }
}
