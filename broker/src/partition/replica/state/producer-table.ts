import type { LogIndex, Offset, ProducerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'

/**
 * Kafka's window: clients keep at most 5 batches in flight, so 5 remembered ones catch every honest retry (KIP-98,
 * ProducerStateEntry).
 */
const WINDOW = 5
const SEQUENCE_MODULUS = 2 ** 31

/** One batch of an idempotent producer, as the log holds it. */
export interface ProducerBatch {
  readonly producerId: ProducerId
  readonly epoch: number
  readonly baseSequence: number
  readonly records: number
  readonly index: LogIndex
  readonly baseOffset: Offset
}

/**
 * The state of one producer that a partition remembers. Never changed in place: an older version is the undo record of
 * a newer one.
 */
export interface ProducerState {
  readonly epoch: number
  /** Oldest first; at most WINDOW. */
  readonly batches: readonly ProducerBatch[]
}

/** The record that takes one append back. */
export interface ProducerUndo {
  readonly producerId: ProducerId
  readonly before: ProducerState | undefined
  /** The producer that was forgotten to make room. */
  readonly forgotten: readonly [ProducerId, ProducerState] | null
}

/**
 * For all tables that have never had a producer: most partitions of thousands are idle, and an empty map takes room
 * too.
 */
const noProducers: ReadonlyMap<ProducerId, ProducerState> = new Map()

/**
 * The idempotence rules of one partition, over committed and appended-but-uncommitted batches alike: a pure function of
 * the log. `append` returns how to undo itself, for when Raft truncates. When more than `capacity` producers are known,
 * the one that has been silent for the most entries is forgotten: by log position and not by clock, so that every
 * replica forgets the same. Whether a new one may displace it is the leader's decision (`admit`), made before the batch
 * is in the log.
 */
export class ProducerTable {
  /** In the order of the last append. */
  #states: ReadonlyMap<ProducerId, ProducerState> = noProducers
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * Decides on an incoming batch: returns the earlier batch that it repeats, or null if it is new and in sequence.
   * Throws INVALID_PRODUCER_EPOCH or OUT_OF_ORDER_SEQUENCE.
   */
  check(producerId: ProducerId, epoch: number, baseSequence: number, records: number): ProducerBatch | null {
    const state = this.#states.get(producerId)
    if (state === undefined) return null
    if (epoch === state.epoch) {
      for (const batch of state.batches) {
        if (batch.baseSequence === baseSequence && batch.records === records) return batch
      }
    }
    if (epoch < state.epoch) {
      throw new TailraceError(
        'INVALID_PRODUCER_EPOCH',
        `Producer ${producerId} has epoch ${state.epoch}, the batch ${epoch}.`,
      )
    }
    const expected = epoch > state.epoch ? 0 : nextSequence(state)
    if (baseSequence !== expected) {
      throw new TailraceError(
        'OUT_OF_ORDER_SEQUENCE',
        `Producer ${producerId} must continue with sequence ${expected}, not ${baseSequence}.`,
      )
    }
    return null
  }

  /**
   * Refuses a producer that is not known here while there is no room: unless the one that would be forgotten for it has
   * written nothing after `forgettable`. @throws TailraceError TOO_MANY_PRODUCERS
   */
  admit(producerId: ProducerId, forgettable: LogIndex): void {
    if (this.#states.size < this.#capacity || this.#states.has(producerId)) return
    const oldest = this.#states.values().next().value
    if (oldest === undefined || lastIndexOf(oldest) <= forgettable) return
    throw new TailraceError(
      'TOO_MANY_PRODUCERS',
      `The partition remembers ${this.#states.size} that were active lately.`,
    )
  }

  /** Whether `admit` may soon have to refuse. */
  get isFilling(): boolean {
    return this.#states.size * 2 >= this.#capacity
  }

  /** Records an appended batch; the result is for `undo`. */
  append(batch: ProducerBatch): ProducerUndo {
    const before = this.#states.get(batch.producerId)
    const kept = before !== undefined && before.epoch === batch.epoch ? before.batches.slice(1 - WINDOW) : []
    this.#changeable().delete(batch.producerId)
    this.#changeable().set(batch.producerId, { epoch: batch.epoch, batches: [...kept, batch] })
    const forgotten = this.#states.size > this.#capacity ? this.#forgetOldest() : null
    return { producerId: batch.producerId, before, forgotten }
  }

  /** Takes back the newest appends, given newest first. */
  undo(appends: readonly ProducerUndo[]): void {
    if (appends.length === 0) return
    for (const { producerId, before, forgotten } of appends) {
      if (before === undefined) this.#changeable().delete(producerId)
      else this.#changeable().set(producerId, before)
      if (forgotten !== null) this.#changeable().set(forgotten[0], forgotten[1])
    }
    this.#states = new Map([...this.#states].sort(([, a], [, b]) => lastIndexOf(a) - lastIndexOf(b)))
  }

  /** As the table was before these newest appends, given newest first; in the order of the last append. */
  before(appends: readonly ProducerUndo[]): (readonly [ProducerId, ProducerState])[] {
    if (appends.length === 0) return [...this.#states]
    const changed = new Map<ProducerId, ProducerState | undefined>()
    for (const { producerId, before, forgotten } of appends) {
      changed.set(producerId, before)
      if (forgotten !== null) changed.set(forgotten[0], forgotten[1])
    }
    // Those that have not changed are in order; all of them sorted would take most of the time of a checkpoint.
    const olderFirst = [...changed]
      .filter((entry): entry is [ProducerId, ProducerState] => entry[1] !== undefined)
      .sort(([, a], [, b]) => lastIndexOf(a) - lastIndexOf(b))
    const found: (readonly [ProducerId, ProducerState])[] = []
    let next = 0
    for (const entry of this.#states) {
      if (changed.has(entry[0])) continue
      const last = lastIndexOf(entry[1])
      while (next < olderFirst.length && lastIndexOf(olderFirst[next]![1]) < last) found.push(olderFirst[next++]!)
      found.push(entry)
    }
    return [...found, ...olderFirst.slice(next)]
  }

  entries(): MapIterator<[ProducerId, ProducerState]> {
    return this.#states.entries()
  }

  restore(producerId: ProducerId, state: ProducerState): void {
    this.#changeable().set(producerId, state)
  }

  get size(): number {
    return this.#states.size
  }

  #changeable(): Map<ProducerId, ProducerState> {
    if (this.#states === noProducers) this.#states = new Map()
    return this.#states as Map<ProducerId, ProducerState>
  }

  /** The first one has been silent longest. */
  #forgetOldest(): [ProducerId, ProducerState] {
    const oldest = this.#states.entries().next().value!
    this.#changeable().delete(oldest[0])
    return oldest
  }
}

function lastIndexOf({ batches }: ProducerState): LogIndex {
  return batches[batches.length - 1]?.index ?? 0
}

function nextSequence(state: ProducerState): number {
  const last = state.batches[state.batches.length - 1]
  if (last === undefined) return 0
  return (last.baseSequence + last.records) % SEQUENCE_MODULUS
}
