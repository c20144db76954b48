import type { BrokerId, Offset, PartitionNumber, Position } from '@tailrace/schemas'

/** The source of a partition's records, as its reader sees it. */
export interface RecordSource {
  /** The cascade broker whose copies it reads; null: level 0. */
  readonly copy: BrokerId | null
  /** It may be sent more than its share of the buffer is by now, and has not been yet. */
  readonly hasTooMuchCredit: boolean
  /** Called with the number of bytes that have been read: the source may send as many again. */
  consumed(bytes: number): void
  /** Nothing more is read of this partition here. */
  leaveOut(cursor: Cursor): void
  close(): void
}

/** Bytes that were received and are not free yet. */
export interface HeldBytes {
  readonly cursor: Cursor
  readonly start: number
  readonly end: number
}

/** The receiver of a cursor's batches. */
export interface BatchOwner {
  readonly topic: string
  /** A batch has been read. */
  release(batch: HeldBytes): void
}

/** How far one partition has been received and read. */
export class Cursor {
  readonly partition: PartitionNumber
  /** Records from this offset on are not read. */
  readonly end: Offset
  readonly owner: BatchOwner | undefined
  #start: Position
  /** The first offset not received yet: where to resume. undefined until the broker has resolved the start. */
  nextOffset: Offset | undefined
  /** The first offset not handed out yet. */
  position: Offset | undefined
  highWatermark: Offset = 0
  /** Bytes received and not read yet. */
  bufferedBytes = 0
  /** Where its records come from at the moment. */
  stream: RecordSource | undefined
  /** Since when (monotonic) brokers refuse to go on here; 0: they do not. */
  refusedSince = 0
  /** Since when the batches received here are damaged; 0: they are not. */
  damagedSince = 0
  /** Another cursor stands in its place: what was received here is not read any more. */
  isLeft = false

  /** Its offset when it was reset to another place, until the new offset is known. */
  #leftAt: Offset | undefined

  constructor(
    partition: PartitionNumber,
    start: Position,
    end: Offset = Number.POSITIVE_INFINITY,
    owner: BatchOwner | undefined = undefined,
  ) {
    this.partition = partition
    this.owner = owner
    this.#start = start
    this.end = end
  }

  /** All up to its end has been received. */
  get isDone(): boolean {
    return this.nextOffset !== undefined && this.nextOffset >= this.end
  }

  /** The position to request from the broker. */
  get wanted(): Position {
    return this.nextOffset === undefined ? this.#start : { kind: 'OFFSET', value: this.nextOffset }
  }

  /** Where a later reader goes on; undefined while that is not known. */
  get resumeAt(): Offset | undefined {
    return this.position ?? (this.#start.kind === 'OFFSET' ? this.#start.value : undefined)
  }

  get lag(): number {
    return this.position === undefined ? 0 : Math.max(0, this.highWatermark - this.position)
  }

  /** The broker has found where to start. */
  started(offset: Offset, highWatermark: Offset): void {
    this.nextOffset ??= offset
    this.position ??= offset
    this.refusedSince = 0
    this.raise(highWatermark)
  }

  /** Starts over elsewhere: the offset that it stood at is gone. Records received before are still read first. */
  restart(from: Position): void {
    const { kind, value } = this.wanted
    if (kind === 'OFFSET') this.#leftAt = value
    this.#start = from
    this.nextOffset = undefined
    this.position = undefined
    this.highWatermark = 0
    this.refusedSince = 0
  }

  /** The jump that a restart has come to, once. */
  takeJump(): { from: Offset; to: Offset } | undefined {
    const [from, to] = [this.#leftAt, this.nextOffset]
    if (from === undefined || to === undefined) return undefined
    this.#leftAt = undefined
    return { from, to }
  }

  /** Another damaged batch has come: how many milliseconds after the first one since the last good one. */
  damagedFor(now: number): number {
    if (this.damagedSince === 0) this.damagedSince = now
    return now - this.damagedSince
  }

  /** A new leader may know a lower high watermark for a moment; committed records stay committed. */
  raise(highWatermark: Offset): void {
    if (highWatermark > this.highWatermark) this.highWatermark = highWatermark
  }

  received(nextOffset: Offset): void {
    this.nextOffset = nextOffset
    this.damagedSince = 0
    this.raise(nextOffset)
  }
}
