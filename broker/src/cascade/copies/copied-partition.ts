import type { GroupId, Offset, PartitionNumber, Position, Timestamp } from '@tailrace/schemas'
import { baseOffsetAt, batchEnd, lastOffsetDeltaAt, TailraceError, verifyBatch } from '@tailrace/schemas'
import type { CommittedLog, CommittedLogs } from '../../log/committed-logs.ts'
import { firstOffsetAt } from '../../partition/replica/read/time-seek.ts'
import { WaitingReaders } from '../../partition/replica/read/waiting-readers.ts'
import type { FetchRequest, FetchResult } from '../../partition/requests.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import { CopyMismatch, takeBatches } from './intake.ts'
import { LagMarks } from './lag-marks.ts'

export interface CopyServices {
  readonly storage: CommittedLogs
  readonly clock: Clock
  readonly crc32c: Crc32c
}

interface Unsynced {
  readonly ticket: number
  readonly end: Offset
  readonly bytes: number
  /** Lets the source send as many bytes again. */
  readonly durable: (bytes: number) => void
}

/** As in a partition's replica. */
const maxWaitingReaders = 10_000

/**
 * One partition's committed records on this broker's disk, with the offsets and bytes that they have everywhere.
 * Readers see records that are durable here: after a crash this broker still has all records that it has shown. Where
 * the copies are in memory, a crash leaves none.
 */
export class CopiedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly group: GroupId
  /** Why no records are copied any more, or empty. Ends with a restart or another source. */
  stopped = ''
  /** The end of the source, as it was last told. */
  sourceEnd: Offset
  readonly #services: CopyServices
  readonly #readers: WaitingReaders
  readonly #marks = new LagMarks()
  /** The end that the source told first since this broker has started; null: none yet. */
  #firstHeard: Offset | null = null
  #log: CommittedLog
  #durableEnd: Offset
  #unsynced: Unsynced[] = []
  #ticket = 0
  #beginning = false
  #readFrom: Offset = 0
  #removed = false

  constructor(
    services: CopyServices,
    log: CommittedLog,
    topic: { readonly name: string; readonly id: string },
    partition: PartitionNumber,
  ) {
    this.#services = services
    this.#log = log
    this.group = log.group
    this.topic = topic.name
    this.topicId = topic.id
    this.partition = partition
    this.#durableEnd = log.endOffset
    this.sourceEnd = log.endOffset
    this.#readers = new WaitingReaders(services.clock, maxWaitingReaders)
    // Records that the disk has lost are committed, and the source has them: no vote depends on this copy.
    if (log.damage !== null) log.repaired()
  }

  get log(): CommittedLog {
    return this.#log
  }
  /**
   * The first offset that may be read. The log (`log.startOffset`) may begin before it, since it holds whole batches,
   * or end before it.
   */
  get logStart(): Offset {
    return Math.max(this.#log.startOffset, this.#readFrom)
  }
  /** There is no record between the end of what is durable here and where reading begins. */
  get highWatermark(): Offset {
    return Math.max(this.#durableEnd, this.#readFrom)
  }
  /** The next offset to ask the source for. */
  get endOffset(): Offset {
    return this.#log.endOffset
  }
  get isEmpty(): boolean {
    return this.#log.endOffset === 0 && this.#log.lastIndex === 0
  }
  /** It begins anew, and takes nothing until it has: what came meanwhile would leave a gap. */
  get beginning(): boolean {
    return this.#beginning
  }
  get removed(): boolean {
    return this.#removed
  }
  get lagRecords(): number {
    return Math.max(0, this.sourceEnd - this.highWatermark)
  }

  /** Mean size of the records here, in bytes of their batches; null while there are none. */
  get recordBytes(): number | null {
    const records = this.#log.endOffset - this.#log.startOffset
    return records === 0 ? null : this.#log.sizeBytes / records
  }

  /**
   * Whether all records are here that the source had when it first told its end. A copy that is not continued will
   * never have more.
   */
  get complete(): boolean {
    return this.stopped !== '' || (this.#firstHeard !== null && this.highWatermark >= this.#firstHeard)
  }

  lagMs(): number {
    return this.#marks.behindMs(this.#services.clock.monotonic())
  }

  /** The source has told its end. */
  heard(sourceEnd: Offset): void {
    this.sourceEnd = sourceEnd
    this.#firstHeard ??= sourceEnd
    if (sourceEnd > this.highWatermark) this.#marks.heard(sourceEnd, this.#services.clock.monotonic())
  }

  /**
   * Takes batches in. `durable` is called with their bytes when they are on the disk, or at once for those that are not
   * needed.
   * @throws TailraceError CORRUPT_BATCH, INVALID_BATCH. A mismatch stops the partition and throws CopyMismatch, once
   */
  take(body: Uint8Array, durable: (bytes: number) => void): void {
    if (this.stopped !== '' || this.#removed || this.#beginning) {
      durable(body.length)
      return
    }
    const log = this.#log
    const lastTerm = log.terms.at(-1)?.term ?? log.prevTerm
    const end = { lastIndex: log.lastIndex, endOffset: log.endOffset, lastTerm }
    try {
      const { headers, payloads, overlapBytes } = takeBatches(body, end, this.#services.crc32c)
      if (overlapBytes > 0) durable(overlapBytes)
      if (headers.length === 0) return
      const ticket = ++this.#ticket
      this.#unsynced.push({ ticket, end: headers.at(-1)!.lastOffset + 1, bytes: body.length - overlapBytes, durable })
      log.write({ hardState: null, truncateFrom: null, entries: headers, payloads, ticket })
    } catch (error) {
      if (error instanceof CopyMismatch) {
        this.stopped = error.message
        durable(body.length)
      }
      throw error
    }
  }

  /** The log's writes up to `ticket` are on the disk. */
  onDurable(ticket: number): void {
    let done = 0
    for (const { ticket: own, end } of this.#unsynced) {
      if (own > ticket) break
      this.#durableEnd = end
      done++
    }
    const synced = this.#unsynced.splice(0, done)
    this.#marks.reached(this.highWatermark)
    this.#readers.advanced(this.#durableEnd)
    for (const { bytes, durable } of synced) durable(bytes)
  }

  /**
   * Whether this log is empty and these batches, the first after its start, begin before it: the records in front of it
   * are deleted, and a log begins with a whole batch.
   * @throws TailraceError INVALID_BATCH
   */
  startsWithin(body: Uint8Array): boolean {
    const { startOffset, endOffset } = this.#log
    if (startOffset < endOffset || this.#beginning || this.#removed || this.stopped !== '') return false
    const stop = batchEnd(body, 0)
    const base = baseOffsetAt(body, 0)
    const isAcross = base < startOffset && base + lastOffsetDeltaAt(body, 0) >= startOffset
    return isAcross && verifyBatch(body, 0, stop, this.#services.crc32c)
  }

  /**
   * The log begins at `start` from now on, without records: past the end here, where the source has none between any
   * more; or before an empty log, for a batch that `startsWithin`. What may be read does not change by the latter.
   * `before`: done first, when no other call can begin any more.
   * @throws RangeError when it is neither, or the copy begins anew already; what `before` throws
   */
  async beginAt(start: Offset, before: () => Promise<void> = async () => {}): Promise<void> {
    const { startOffset, endOffset } = this.#log
    const isEarlier = startOffset === endOffset && start < startOffset
    if (start <= endOffset && !isEarlier) throw new RangeError(`${start} is not past ${endOffset}`)
    // The second log would take the place of the first one, and of all records that this has got by then.
    if (this.#beginning) throw new RangeError('It begins anew already.')
    this.#beginning = true
    this.readOnlyFrom(this.logStart)
    try {
      await before()
      const { storage } = this.#services
      const [prevIndex, prevTerm] = [this.#log.lastIndex + 1, this.#log.terms.at(-1)?.term ?? this.#log.prevTerm]
      const [ends, nothing] = [
        { lastIndex: prevIndex, lastTerm: prevTerm },
        { terms: [], configurations: [] },
      ]
      const description = { prevIndex, prevTerm, startOffset: start, endOffset: start, ...ends, ...nothing }
      const install = await storage.beginInstall(this.group, description, [])
      this.#log = await install.finish()
      const dropped = this.#unsynced
      this.#unsynced = []
      for (const { bytes, durable } of dropped) durable(bytes)
      this.#durableEnd = start
      this.#marks.reached(this.highWatermark)
      this.#readers.wakeAll()
    } finally {
      this.#beginning = false
    }
  }

  /**
   * @throws TailraceError OFFSET_OUT_OF_RANGE before the log's start, STORAGE_CORRUPT, UNKNOWN_TOPIC, OVERLOADED. Past
   * the end: nothing
   */
  async fetch(request: FetchRequest): Promise<FetchResult> {
    const { clock } = this.#services
    const deadline = clock.monotonic() + request.waitMs
    for (;;) {
      this.#checkStart(request.offset)
      const { offset, maxBytes, signal } = request
      if (offset < this.#durableEnd) {
        const run = await this.#log.readRecords(offset, this.#durableEnd, maxBytes)
        // Its start may have moved past the offset meanwhile: later batches would be taken for those asked for.
        this.#checkStart(offset)
        // A log that was cut or replaced meanwhile is looked up again.
        if (run.batches.length > 0) return { ...run, ...this.#places() }
      }
      const left = deadline - clock.monotonic()
      if (left <= 0 || signal?.aborted) return { batches: [], bytes: 0, nextOffset: offset, ...this.#places() }
      await this.#readers.wait(offset, left, signal)
    }
  }

  /**
   * `LATEST`: behind all records that the source is known to have.
   * @throws TailraceError OFFSET_OUT_OF_RANGE before the log's start; the end is not checked
   */
  async find(position: Position): Promise<Offset> {
    switch (position.kind) {
      case 'EARLIEST':
        return this.logStart
      case 'LATEST':
        return Math.max(this.highWatermark, this.sourceEnd)
      case 'TIME':
        return this.#offsetAt(position.value)
      case 'OFFSET':
        this.#checkStart(position.value)
        return position.value
    }
  }

  async #offsetAt(time: Timestamp): Promise<Offset> {
    const { logStart } = this
    const base = await this.#log.offsetForTime(time, this.#durableEnd, logStart)
    if (base === null) return this.highWatermark
    const { batches } = await this.#log.readRecords(base, this.#durableEnd, 1)
    return firstOffsetAt(batches[0], Math.max(base, logStart), time)
  }

  /** Level 0 has deleted the records before the offset: no reader gets them here either. It never falls. */
  readOnlyFrom(offset: Offset): void {
    if (offset <= this.#readFrom) return
    this.#readFrom = offset
    this.#marks.reached(this.highWatermark)
    this.#readers.wakeAll()
  }

  /** Readers that wait get UNKNOWN_TOPIC. */
  remove(): void {
    this.#removed = true
    this.#readers.wakeAll()
  }

  #places(): { highWatermark: Offset; logStart: Offset } {
    return { highWatermark: this.highWatermark, logStart: this.logStart }
  }

  #checkStart(offset: Offset): void {
    if (this.#removed) throw new TailraceError('UNKNOWN_TOPIC', `"${this.topic}".`)
    if (offset >= this.logStart) return
    const detail = `Offset ${offset} is not between ${this.logStart} and ${this.highWatermark}.`
    throw new TailraceError('OFFSET_OUT_OF_RANGE', detail)
  }
}
