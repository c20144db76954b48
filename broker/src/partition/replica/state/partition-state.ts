import type { EntryHeader, LogIndex, Offset, ProducerId, Term } from '@tailrace/schemas'
import {
  baseSequenceAt,
  EntryKind,
  producerEpochAt,
  producerIdAt,
  readControl,
  recordsCountAt,
} from '@tailrace/schemas'
import type { StateMachine } from '../../group.ts'
import type { Checkpoint } from './checkpoint-codec.ts'
import { Deletions } from './deletions.ts'
import { Fence } from './fence.ts'
import { type ProducerState, ProducerTable, type ProducerUndo } from './producer-table.ts'
import { Uncommitted } from './uncommitted.ts'

/** Where a replica's knowledge of commits begins. */
export interface CommittedStart {
  readonly commitIndex: LogIndex
  readonly highWatermark: Offset
  /** The producers and the fence that are restored are as of this index, when that is not commitIndex. */
  readonly producersIndex?: LogIndex
  /** The highest fencing token that was accepted; absent: none. */
  readonly fenceToken?: number
  /** Records before it are deleted, as of producersIndex; absent: none. */
  readonly deletedBefore?: Offset
  /** Term of the entry at commitIndex, where it is known to be committed. */
  readonly commitTerm?: Term
}

/**
 * The state that a replica derives from its log: producers' sequences and the fence over the whole of it, the high
 * watermark over the committed part.
 * 1. `appendedIndex` is the last entry seen; `commitIndex` <= `appendedIndex` never falls.
 * 2. `highWatermark` is the offset after the last committed record.
 * 3. `producers` and `fence` may be ahead of the log, up to a commit that was known elsewhere; entries up to there
 *    change nothing in them. They are committed, so both were made of the same entries that this log has at those
 *    indexes once it has reached the commit.
 * 4. Entries above `commitIndex` can be taken back, newest first; entries below never.
 */
export class PartitionState {
  #producers: ProducerTable
  #fence: Fence
  #deletions: Deletions
  readonly #uncommitted = new Uncommitted()
  readonly #machine: StateMachine | null
  #commitIndex: LogIndex
  #commitTerm: Term
  #highWatermark: Offset
  #appendedIndex: LogIndex
  #producersStart: LogIndex
  readonly #producerCapacity: number

  constructor(start: CommittedStart, machine: StateMachine | null, producerCapacity: number) {
    this.#producers = new ProducerTable(producerCapacity)
    this.#fence = new Fence(start.fenceToken)
    this.#deletions = new Deletions(start.deletedBefore)
    this.#producerCapacity = producerCapacity
    this.#machine = machine
    this.#commitIndex = start.commitIndex
    this.#commitTerm = start.commitTerm ?? 0
    this.#highWatermark = start.highWatermark
    this.#appendedIndex = start.commitIndex
    this.#producersStart = start.producersIndex ?? start.commitIndex
  }

  /** The index that `committedProducers` is as of. */
  get producersIndex(): LogIndex {
    return Math.max(this.#producersStart, this.#commitIndex)
  }

  get producers(): ProducerTable {
    return this.#producers
  }

  get fence(): Fence {
    return this.#fence
  }

  /**
   * Takes another replica's committed producers and fence for these; false if this log has entries that they do not
   * cover: then nothing is changed.
   */
  adopt({ producersIndex, producers, fence, deletedBefore }: Checkpoint): boolean {
    if (producersIndex < this.#appendedIndex) return false
    this.#producers = new ProducerTable(this.#producerCapacity)
    for (const [producerId, state] of producers) this.#producers.restore(producerId, state)
    this.#fence = new Fence(fence)
    this.#deletions = new Deletions(deletedBefore)
    this.#producersStart = producersIndex
    this.#uncommitted.forgetUndos()
    return true
  }

  /** Committed records before it are deleted: no reader gets them. 0: none are. */
  get deletedBefore(): Offset {
    return this.#deletions.before
  }

  get commitIndex(): LogIndex {
    return this.#commitIndex
  }

  /** Term of the newest entry seen to be committed since the start; 0 before the first. */
  get commitTerm(): Term {
    return this.#commitTerm
  }

  get highWatermark(): Offset {
    return this.#highWatermark
  }

  get appendedIndex(): LogIndex {
    return this.#appendedIndex
  }

  appended(header: EntryHeader, payload: Uint8Array): void {
    if (header.index !== this.#appendedIndex + 1) {
      throw new Error(`entry ${header.index} does not follow ${this.#appendedIndex}`)
    }
    const isNew = header.index > this.#producersStart
    const producerId = isNew && header.kind === EntryKind.Records ? producerIdAt(payload, 0) : -1
    const undo = producerId < 0 ? null : this.#remember(header, payload, producerId)
    if (isNew) this.#control(header, payload)
    this.#uncommitted.push({ header, undo, payload: this.#machine === null ? null : payload })
    this.#appendedIndex = header.index
  }

  truncated(from: LogIndex): void {
    if (from <= this.#commitIndex)
      throw new Error(`truncation at ${from} would cut the committed prefix ${this.#commitIndex}`)
    this.#producers.undo(this.#uncommitted.undosFrom(from))
    this.#uncommitted.truncate(from)
    this.#fence.truncated(from)
    this.#deletions.truncated(from)
    this.#appendedIndex = Math.min(this.#appendedIndex, from - 1)
  }

  /** Takes everything up to `index` as committed, in order (M33); `onEntry` is told each index. */
  committed(index: LogIndex, onEntry: (index: LogIndex) => void): void {
    this.#fence.committed(index)
    this.#deletions.committed(index)
    for (
      let entry = this.#uncommitted.shiftUpTo(index);
      entry !== undefined;
      entry = this.#uncommitted.shiftUpTo(index)
    ) {
      const { header, payload } = entry
      this.#commitIndex = header.index
      this.#commitTerm = header.term
      this.#highWatermark = header.lastOffset + 1
      const machine = this.#machine
      if (
        machine !== null &&
        payload !== null &&
        header.kind === EntryKind.Records &&
        header.index > machine.appliedIndex
      ) {
        machine.apply(header, payload)
      }
      onEntry(header.index)
    }
  }

  /** The producers without the changes of uncommitted entries, in the order of their last append. */
  committedProducers(): (readonly [ProducerId, ProducerState])[] {
    return this.#producers.before(this.#uncommitted.undosFrom(this.#commitIndex + 1))
  }

  #control({ index, kind }: EntryHeader, payload: Uint8Array): void {
    if (kind !== EntryKind.Fence && kind !== EntryKind.Deletion) return
    const control = readControl(payload, 0)
    if (control.kind === EntryKind.Fence) this.#fence.appended(index, control.fence)
    else if (control.kind === EntryKind.Deletion) this.#deletions.appended(index, control.before)
  }

  #remember(header: EntryHeader, payload: Uint8Array, producerId: number): ProducerUndo {
    return this.#producers.append({
      producerId,
      epoch: producerEpochAt(payload, 0),
      baseSequence: baseSequenceAt(payload, 0),
      records: recordsCountAt(payload, 0),
      index: header.index,
      baseOffset: header.baseOffset,
    })
  }
}
