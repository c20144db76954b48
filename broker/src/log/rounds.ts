import type { GroupId } from '@tailrace/schemas'
import type { Crc32c } from '../platform/checksum.ts'
import type { Clock } from '../platform/clock.ts'
import { DiskError } from '../platform/disk.ts'
import type { StoredGroupLog } from './group-log.ts'
import type { Journal } from './journal/journal.ts'
import { RecordWriter } from './journal/record.ts'
import { Staging } from './journal/staging.ts'
import type { LogMetrics } from './log-storage.ts'
import type { RoundLimits } from './pending-writes.ts'
import type { DiskSpace } from './space/disk-space.ts'

export interface RoundsDeps {
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly journal: Journal
  readonly metrics: LogMetrics
  readonly limits: RoundLimits
  onDurable(log: StoredGroupLog, group: GroupId, ticket: number): void
  /** The round's groups are durable: their segments may follow. */
  onRound(logs: readonly StoredGroupLog[]): void
  /** The round is durable and no other follows at once; or, with `many`, so many have been that losses may add up. */
  onIdle(many: boolean): void
  /** Resolves at once, or when memory and journal have room for another round. */
  room(): Promise<void> | null
  readonly space: Pick<DiskSpace, 'full' | 'closed' | 'pause' | 'retryFull'>
  onFailure(error: Error): void
}

/** So many consecutive rounds may be lost together without being noticed (journal/durable-mark.ts). */
const MARKED_ROUNDS = 16

/** Something that joins the next round beside the writes of groups. */
interface Mark {
  write(writer: RecordWriter): void
  onDurable(durable: boolean): void
}

/**
 * Makes writes durable, one round after the other: everything that has been written since the last round joins the
 * next, which starts as soon as the last is synced. A round is one write and one sync of the journal. Chunks that go to
 * their segments directly (docs/decisions/large-rounds-are-written-once.md) are written there before the journal's
 * write begins, and synced at the same time as the journal where their absence would show after a crash, else before.
 * The round is durable when all of these syncs are over.
 */
export class Rounds {
  readonly #deps: RoundsDeps
  readonly #staging: Staging
  readonly #writer: RecordWriter
  #next: StoredGroupLog[] = []
  /** Logs whose records wait until the disk has room again. */
  #held: StoredGroupLog[] = []
  #marks: Mark[] = []
  #inRound: Mark[] = []
  #running = false
  #scheduled = false
  #failed = false
  #durableBlock = 0
  /** No round is being staged or written: all staged writes are durable. */
  #between = true
  #atBoundary: ((failed: boolean) => void)[] = []
  #whenIdle: (() => void)[] = []

  constructor(deps: RoundsDeps) {
    this.#deps = deps
    this.#staging = new Staging(deps.crc32c)
    this.#writer = new RecordWriter(this.#staging, deps.crc32c)
  }

  /** Of the buffer that every round uses again. */
  get memoryBytes(): number {
    return this.#staging.memoryBytes
  }

  get failed(): boolean {
    return this.#failed
  }

  /** The last block of the journal of the last round that is durable, with all bytes that it refers to. */
  get durableBlock(): number {
    return this.#durableBlock
  }

  /** The group has something for the next round. */
  list(log: StoredGroupLog): void {
    if (log.pending.listed) return
    log.pending.listed = true
    this.#next.push(log)
    this.#schedule()
  }

  /** The disk is no longer full. */
  roomAgain(): void {
    for (const log of this.#held.splice(0)) if (!log.removed && !log.pending.empty) this.list(log)
  }

  /**
   * `write` adds to the start of the next round. `onDurable` is called as soon as that round is durable, before
   * anything else can look at the storage; with false if nothing will be durable any more.
   */
  join(write: (writer: RecordWriter) => void, onDurable: (durable: boolean) => void): void {
    if (this.#failed) {
      onDurable(false)
      return
    }
    this.#marks.push({ write, onDurable })
    this.#schedule()
  }

  /**
   * Calls `onDurable` when everything staged is durable: at once, or after the present round. `failed`: it never will
   * be.
   */
  atBoundary(call: (failed: boolean) => void): void {
    if (this.#between || this.#failed) call(this.#failed)
    else this.#atBoundary.push(call)
  }

  /** Resolves when nothing waits for a round, or nothing will be durable any more. */
  idle(): Promise<void> {
    if (this.#failed || (!this.#running && !this.#scheduled)) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  /** Writes the first round, with the records of the opening of the storage. */
  async write(fill: (writer: RecordWriter) => void): Promise<void> {
    this.#staging.clear()
    fill(this.#writer)
    await this.#append()
    this.#durableBlock = this.#deps.journal.place.sequence
  }

  fail(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    this.#deps.onFailure(error)
    for (const call of this.#whenIdle.splice(0)) call()
    for (const call of this.#atBoundary.splice(0)) call(true)
    for (const mark of this.#marks.splice(0)) mark.onDurable(false)
    for (const mark of this.#inRound.splice(0)) mark.onDurable(false)
  }

  /** The first round waits until the turn's events have been handled: their writes join it. */
  #schedule(): void {
    if (this.#running || this.#scheduled || this.#failed) return
    this.#scheduled = true
    this.#deps.clock.soon(() => {
      this.#scheduled = false
      this.#running = true
      this.#run().catch((error) => this.fail(error as Error))
    })
  }

  async #run(): Promise<void> {
    while (!this.#failed && (this.#next.length > 0 || this.#marks.length > 0)) {
      for (let room = this.#deps.room(); room !== null; room = this.#deps.room()) await room
      this.#between = false
      await this.#round()
      this.#between = true
      if (this.#deps.metrics.rounds % MARKED_ROUNDS === 0) this.#deps.onIdle(true)
      for (const call of this.#atBoundary.splice(0)) call(false)
      // Groups may ask for round after round until something is staged that has to wait.
      if (this.#deps.space.full && this.#staging.empty) await this.#pause()
    }
    this.#running = false
    if (!this.#failed) this.#deps.onIdle(false)
    for (const call of this.#whenIdle.splice(0)) call()
  }

  /** Until there may be room. A storage that is being closed does not wait for it. */
  async #pause(): Promise<void> {
    const { space } = this.#deps
    if (space.closed && this.#marks.length > 0) throw new DiskError('full', 'no space for the journal')
    await space.pause()
  }

  async #round(): Promise<void> {
    const unsynced = await this.#writeDirect()
    if (this.#failed) return
    const logs = this.#next
    this.#inRound = this.#marks
    this.#next = []
    this.#marks = []
    this.#stage(logs)
    const syncs = unsynced.map(({ segments }) => segments.sync())
    if (!this.#staging.empty) syncs.push(this.#append())
    await Promise.all(syncs)
    if (this.#failed) return
    this.#durableBlock = this.#deps.journal.place.sequence
    this.#deps.metrics.rounds++
    for (const mark of this.#inRound.splice(0)) mark.onDurable(true)
    for (const log of logs) this.#tell(log)
    this.#deps.onRound(logs)
  }

  /** Large chunks to their segments, all groups at once. Resolves with the logs of which they are not durable yet. */
  async #writeDirect(): Promise<readonly StoredGroupLog[]> {
    const { limits } = this.#deps
    const unsynced: StoredGroupLog[] = []
    let writes: Promise<void>[] | null = null
    for (const log of this.#next) {
      if (this.#mustHold(log) || !log.pending.selectDirect(limits)) continue
      writes ??= []
      writes.push(this.#writeSegment(log, unsynced))
    }
    if (writes !== null) await Promise.all(writes)
    return unsynced
  }

  async #writeSegment(log: StoredGroupLog, unsynced: StoredGroupLog[]): Promise<void> {
    const { segments } = log
    await segments.tryFlush(segments.queued)
    if (segments.maySyncWithRound) unsynced.push(log)
    else await segments.sync()
  }

  #stage(logs: readonly StoredGroupLog[]): void {
    const staging = this.#staging
    staging.clear()
    for (const mark of this.#inRound) mark.write(this.#writer)
    let waiting: StoredGroupLog[] | null = null
    const behind: StoredGroupLog[] = []
    for (const log of logs) {
      log.pending.listed = false
      if (log.removed) continue
      const before = staging.contentBytes
      const hasTurn = before < this.#deps.limits.roundBytes
      const holds = this.#mustHold(log)
      if (hasTurn) log.pending.stage(staging, this.#writer, this.#deps.limits, holds)
      if (log.pending.empty) continue
      if (hasTurn && holds) {
        this.#held.push(log)
        continue
      }
      log.pending.listed = true
      waiting ??= []
      if (staging.contentBytes > before) behind.push(log)
      else waiting.push(log)
    }
    // Logs of which this round has taken nothing come first next time: a backlog larger than a round starves no group.
    waiting?.push(...behind)
    if (waiting !== null) this.#next = waiting
  }

  #mustHold(log: StoredGroupLog): boolean {
    return this.#deps.space.full && !log.essential
  }

  async #append(): Promise<void> {
    const { journal, metrics, space } = this.#deps
    await space.retryFull(() => journal.append(this.#staging))
    metrics.syncs++
    metrics.journalBytes += this.#staging.contentBytes
    metrics.roundBytes(this.#staging.contentBytes)
  }

  #tell(log: StoredGroupLog): void {
    const { pending, segments } = log
    segments.allowed = pending.stagedOps
    if (log.removed) return
    if (pending.stagedTicket === pending.durableTicket) return
    pending.durableTicket = pending.stagedTicket
    this.#deps.onDurable(log, log.group, pending.stagedTicket)
  }
}
