import { Fifo } from '@tailrace/client'
import type { Offset, Term } from '@tailrace/schemas'
import type { Feed } from '../../feed/feed.ts'
import type { ConsumerRecord } from '../../record.ts'
import type { RecordsBatch } from '../../records-batch.ts'
import { Progress, type Step } from '../../run/progress.ts'
import { type DueRecord, type Lease, partitionKey } from '../beats/beat-messages.ts'
import type { Pulse } from '../beats/pulse.ts'
import { Chain, type Link } from './chain.ts'
import type { PartitionReader, Taken } from './partition-reader.ts'

/** A record, or a batch, that was taken and is not finished. */
export interface Handed<Data, Content = unknown> extends Link<Handed<Data>> {
  readonly partition: LeasedPartition<Data>
  readonly content: Content
  readonly offset: Offset
  /** Undefined: a record that was put off and has come again; no position waits for it. */
  readonly step: Step | undefined
  readonly progress: Progress | undefined
  readonly due: DueRecord | undefined
  /** What is told that it has been handled. */
  readonly from: { handled(): void }
  /** Since when it is handled, on the clock of the {@link Pulse}; 0: it is not. */
  since: number
  /** It is to come again later: the coordinator knows. */
  isPutOff: boolean
}

export type HandedRecord<Data> = Handed<Data, ConsumerRecord<Data>>

/**
 * assigned: nothing is read yet. open: records may be taken. ending: none may be, and those that are handled are
 * finished. over: the lease is gone.
 */
export type LeaseState = 'assigned' | 'open' | 'ending' | 'over'

/** A partition while this member has the lease. */
export class LeasedPartition<Data> {
  readonly lease: Lease
  readonly key: string
  /** The id of the member that has it: one that was taken out of the group joins under another id. */
  readonly member: string
  readonly reader: PartitionReader<Data>
  isPaused = false
  /** It stands among those from which the next record is taken. */
  isOffered = false
  /** Records and batches that were taken and are not finished. */
  taken = 0
  /** Where reading is to begin; undefined: at the committed position. */
  wanted: Offset | undefined
  readonly #generation: number
  readonly #pulse: Pulse
  /** In the order in which they were begun. */
  readonly #running = new Chain<Handed<Data>>()
  readonly #whenIdle: (() => void)[] = []
  /** Records that were put off and have come again. */
  readonly #again = new Fifo<HandedRecord<Data>>()
  #progress: Progress
  #state: LeaseState = 'assigned'
  #committed: Offset

  constructor(
    lease: Lease,
    owner: { readonly member: string; readonly generation: number; readonly pulse: Pulse },
    reader: PartitionReader<Data>,
  ) {
    this.lease = lease
    this.key = partitionKey(lease)
    this.member = owner.member
    this.#generation = owner.generation
    this.#pulse = owner.pulse
    this.reader = reader
    this.#committed = lease.offset
    this.#progress = new Progress(Math.max(0, lease.offset), lease.term)
  }

  get state(): LeaseState {
    return this.#state
  }

  /** Whether the lease is this member's, as far as it knows. */
  get isHeld(): boolean {
    const isGivenUp = this.#pulse.isGivenUp(this.lease.slot, this.lease.token)
    return this.#state !== 'over' && this.#generation === this.#pulse.generation && !isGivenUp
  }

  /** Whether records may be taken. */
  get isOpen(): boolean {
    return this.#state === 'open' && !this.isPaused && this.isHeld
  }

  get isIdle(): boolean {
    return this.#running.first === undefined
  }

  /** The offset before which everything is done: what may be committed. */
  get position(): Offset {
    return this.#progress.position
  }

  get term(): Term {
    return this.#progress.term
  }

  /** What was acknowledged as committed; -1: nothing yet. */
  get committed(): Offset {
    return this.#committed
  }

  /** Records behind the position; 0 while the end of the partition is not known. */
  get lag(): number {
    return Math.max(0, (this.reader.highWatermark ?? 0) - this.position)
  }

  wasCommitted(offset: Offset): void {
    if (offset > this.#committed) this.#committed = offset
  }

  /** Reads from there. Resolves with the offset; undefined: it was left before that was known. @throws TailraceError */
  async open(feed: Feed): Promise<Offset | undefined> {
    const offset = await this.reader.open(feed)
    if (offset === undefined || this.#state === 'ending' || this.#state === 'over') return undefined
    this.#progress = new Progress(offset, offset === this.lease.offset ? this.lease.term : 0)
    return offset
  }

  start(): void {
    if (this.#state === 'assigned') this.#state = 'open'
    if (this.#state === 'open') this.reader.start()
  }

  get hasNext(): boolean {
    return this.#again.length > 0 || this.reader.hasNext
  }

  /** A record that was put off is there again. `handled`: called once, also if nobody takes it. */
  comeAgain(record: ConsumerRecord<Data>, due: DueRecord, handled: () => void): void {
    this.#again.push(this.#handedOf(record, record.offset, undefined, due, { handled }))
  }

  takeRecord(): HandedRecord<Data> | undefined {
    const again = this.#again.shift()
    if (again !== undefined) {
      this.taken++
      return again
    }
    const taken = this.reader.takeRecord()
    return taken && this.#hand(taken.content.offset, taken)
  }

  takeBatch(): Handed<Data, RecordsBatch<Data>> | undefined {
    const taken = this.reader.takeBatch()
    return taken && this.#hand(taken.content.baseOffset, taken)
  }

  /** Whether it is still to be handled: not after a seek, nor without the lease. */
  isWanted({ due, progress }: Handed<Data>): boolean {
    return this.#state === 'open' && this.isHeld && (due !== undefined || progress === this.#progress)
  }

  /** A batch without records that can be read. */
  skip(nextOffset: Offset, term: Term): void {
    this.#progress.finish(this.#progress.begin(nextOffset, term))
  }

  /** It is handled from now on. */
  begin(handed: Handed<Data>, now: number): void {
    handed.since = now
    this.#running.add(handed)
    this.#note()
  }

  /** It is not handled for the time being. */
  rest(handed: Handed<Data>): void {
    if (!this.#running.delete(handed)) return
    handed.since = 0
    this.#note()
    if (this.isIdle) for (const wake of this.#whenIdle.splice(0)) wake()
  }

  /** It counts as done, although it may still be handled. */
  settle({ step, progress }: Handed<Data>): void {
    if (step !== undefined) progress?.finish(step)
  }

  /** The end of it. `isDone` false: it was given up, and the position stays before it. */
  finish(handed: Handed<Data>, isDone: boolean): void {
    this.taken--
    handed.from.handled()
    if (isDone) this.settle(handed)
    this.rest(handed)
  }

  /** Nothing more can be taken. Resolves when what is handled is finished. */
  async end(): Promise<void> {
    if (this.#state !== 'over') this.#state = 'ending'
    this.#close()
    if (!this.isIdle) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  /** The lease is gone. */
  lose(): void {
    this.#state = 'over'
    this.#close()
  }

  #close(): void {
    this.reader.close()
    for (let taken = this.#again.shift(); taken !== undefined; taken = this.#again.shift()) taken.from.handled()
  }

  #hand<Content>(offset: Offset, taken: Taken<Content>): Handed<Data, Content> {
    this.taken++
    const step = this.#progress.begin(taken.nextOffset, taken.term)
    return this.#handedOf(taken.content, offset, step, undefined, taken)
  }

  #handedOf<Content>(
    content: Content,
    offset: Offset,
    step: Step | undefined,
    due: DueRecord | undefined,
    from: { handled(): void },
  ): Handed<Data, Content> {
    const progress = step && this.#progress
    return {
      partition: this,
      content,
      offset,
      step,
      progress,
      due,
      from,
      since: 0,
      isPutOff: false,
      isLinked: false,
      before: undefined,
      after: undefined,
    }
  }

  /** The record that has been handled for longest is what the side of the beats looks at. */
  #note(): void {
    if (!this.isHeld) return
    const oldest = this.#running.first
    if (oldest === undefined) this.#pulse.release(this.lease.slot)
    else this.#pulse.hold(this.lease.slot, oldest.since, oldest.offset)
  }
}
