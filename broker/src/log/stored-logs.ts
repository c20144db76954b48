import type { GroupId, HardState } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import { FLUSH_BYTES, Flusher } from './flusher.ts'
import { folderName } from './group-folder.ts'
import { type GroupLogHost, StoredGroupLog } from './group-log.ts'
import type { DurableMark } from './journal/durable-mark.ts'
import type { Journal } from './journal/journal.ts'
import { journalFailed } from './journal/journal-failed.ts'
import { RecordType, type RecordWriter } from './journal/record.ts'
import { type InstallHost, ReceivedLog } from './log-install.ts'
import { LogState } from './log-state.ts'
import type { Damage, GroupLog, LogDescription, LogFile, LogInstall, LogMetrics, LogStorage } from './log-storage.ts'
import type { Checkpointer } from './recovery/checkpointer.ts'
import type { Rounds } from './rounds.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import { type DiskSpace, isFull } from './space/disk-space.ts'
import type { TailPool } from './tail/tail-pool.ts'

/** Bytes that segments may get without a checkpoint, when the journal has references only: recovery reads them again. */
const CHECKPOINT_SEGMENT_BYTES = 256 * 1024 * 1024

const nothing = (): void => {}

/** The parts of a storage that need to know of each other; `open` puts them together. */
export interface StorageParts {
  readonly journal: Journal
  readonly rounds: Rounds
  readonly checkpointer: Checkpointer
  readonly mark: DurableMark
}

/** All groups' logs of one broker. */
export class StoredLogs implements LogStorage, GroupLogHost, InstallHost {
  onDurable: (group: GroupId, ticket: number) => void = () => {}
  readonly env: SegmentContext
  readonly pool: TailPool
  readonly groupsFolder: string
  readonly metrics: LogMetrics
  nextIncarnation = 1
  mayHaveForgotten = false
  recoveredBlock = 0
  /** Incarnations of logs that are being received, or were before the start. */
  readonly staged = new Map<GroupId, number>()
  readonly #installs = new Map<GroupId, ReceivedLog>()
  readonly #space: DiskSpace
  readonly #flusher: Flusher
  readonly #groups = new Map<GroupId, StoredGroupLog>()
  /** Also those that are being removed, until that is durable. */
  readonly #all = new Set<StoredGroupLog>()
  #parts: StorageParts | null = null
  #checkpointedBytes = 0
  #closing: Promise<void> | null = null
  #failure: Error | null = null
  #onFailure: (error: Error) => void = () => {}

  constructor(env: SegmentContext, groupsFolder: string, space: DiskSpace) {
    this.env = env
    this.pool = env.pool
    this.metrics = env.metrics
    this.groupsFolder = groupsFolder
    this.#space = space
    this.#flusher = new Flusher((error) => this.fail(error))
  }

  /** Segments are written while the storage is being opened, when nobody listens yet: who comes later is told at once. */
  set onFailure(call: (error: Error) => void) {
    this.#onFailure = call
    if (this.#failure !== null) call(this.#failure)
  }

  get writable(): boolean {
    return this.#space.writable
  }

  get cramped(): boolean {
    return this.#space.cramped
  }

  get waitingBytes(): number {
    return this.pool.waitingBytes
  }

  async ranOut(): Promise<void> {
    await this.#space.ranOut()
  }

  get #live(): StorageParts {
    if (this.#parts === null) throw new Error('the storage is being opened')
    return this.#parts
  }

  /** Called once, before anything else. */
  connect(parts: StorageParts): void {
    this.#parts = parts
    this.#space.onFull = () => {
      this.#flusher.wake()
      parts.journal.wake()
    }
  }

  /** Takes a group that recovery has found. */
  adopt(log: StoredGroupLog): void {
    this.#groups.set(log.group, log)
    this.#all.add(log)
  }

  groups(): Iterable<GroupLog> {
    return this.#groups.values()
  }

  group(id: GroupId): GroupLog | undefined {
    return this.#groups.get(id)
  }

  /** Every log whose removal is not durable. */
  logs(): Iterable<StoredGroupLog> {
    return this.#all
  }

  create(id: GroupId, damage?: Damage): GroupLog {
    this.refuseWhenClosing()
    if (this.#groups.has(id)) throw new RangeError(`group ${id} exists`)
    const log = new StoredGroupLog(this, id, this.nextIncarnation++, new LogState())
    this.adopt(log)
    if (damage === undefined) return log
    log.lose(damage.fromIndex, 0, damage.reason)
    return log
  }

  nothingForgotten(): void {
    if (!this.mayHaveForgotten) return
    const isKept = (): boolean => [...this.#all].every(({ damage, pending }) => damage === null || pending.announced)
    void this.whenDurable(isKept).then((durable) => {
      if (!durable || this.#closing !== null) return
      this.mayHaveForgotten = false
      this.#live.checkpointer.request()
    })
  }

  get durableBlock(): number {
    return this.#live.journal.place.sequence
  }

  async distrust(reason: string): Promise<boolean> {
    this.mayHaveForgotten = true
    for (const log of this.#groups.values()) {
      if (log.damage === null) log.lose(log.lastIndex + 1, log.endOffset, reason)
    }
    const groupsKept = this.whenDurable(() => [...this.#all].every(({ pending }) => !pending.hasDamage))
    // Of groups that it does not know only a checkpoint tells.
    const doubtKept = await this.#live.checkpointer.make()
    return (await groupsKept) && doubtKept
  }

  async remove(id: GroupId): Promise<void> {
    const log = this.#groups.get(id)
    if (log === undefined) return
    this.refuseWhenClosing()
    this.#groups.delete(id)
    log.forget()
    const unstaged = this.#dropStaged(id)
    const durable = !log.pending.announced || (await this.#markRemoved(log))
    this.#all.delete(log)
    if (durable) await this.#removeFiles(log)
    await unstaged
  }

  async beginInstall(id: GroupId, description: LogDescription, files: readonly LogFile[]): Promise<LogInstall> {
    const log = this.#groups.get(id)
    if (log === undefined) throw new RangeError(`there is no group ${id}`)
    this.refuseWhenClosing()
    // Durable, so that a restart knows whose it is.
    if (!log.pending.announced) this.#live.rounds.list(log)
    const incarnation = this.staged.get(id) ?? this.nextIncarnation++
    const folder = `${this.groupsFolder}/${folderName(id, incarnation)}`
    const install = new ReceivedLog(this, log, incarnation, folder, description, files)
    const earlier = this.#installs.get(id)
    this.staged.set(id, incarnation)
    this.#installs.set(id, install)
    await earlier?.stop()
    await install.prepare()
    return install
  }

  get recordBytes(): number {
    return this.#live.journal.capacity / 2
  }

  newLog(old: StoredGroupLog, incarnation: number, state: LogState): StoredGroupLog {
    state.hardState = old.hardState
    const log = new StoredGroupLog(this, old.group, incarnation, state)
    log.essential = old.essential
    log.damage = old.damage && { ...old.damage, fromIndex: Math.min(old.damage.fromIndex, state.lastIndex + 1) }
    return log
  }

  async replace(old: StoredGroupLog, log: StoredGroupLog, describe: () => Uint8Array): Promise<void> {
    const { group, pending } = log
    if (this.#groups.get(group) !== old) {
      throw new TailraceError('UNKNOWN_PARTITION', `Group ${group} has been removed from this broker.`)
    }
    this.#groups.set(group, log)
    old.replacedBy(log)
    // Whatever else the journal gets of it comes after.
    pending.announced = true
    const write = (writer: RecordWriter) => writer.install(pending, describe())
    await new Promise<void>((resolve, reject) => {
      this.#live.rounds.join(write, (durable) => {
        if (!durable) return reject(journalFailed())
        this.#all.delete(old)
        this.#all.add(log)
        resolve()
      })
    })
    const promised = log.hardState
    const kept = () => log.removed || covers(pending.staged.hardState, promised)
    if (!kept() && !(await this.whenDurable(kept))) throw journalFailed()
    await this.#removeFiles(old)
  }

  ended(install: ReceivedLog): void {
    const id = install.old.group
    if (this.#installs.get(id) !== install) return
    this.#installs.delete(id)
    this.staged.delete(id)
  }

  whenDurable(staged: () => boolean): Promise<boolean> {
    const { rounds } = this.#live
    return new Promise((resolve) => {
      const ask = (): void => rounds.join(nothing, look)
      // At the end of a round, before the next is staged: what has been staged is durable.
      const look = (durable: boolean): void => {
        if (!durable || staged()) resolve(durable)
        else ask()
      }
      ask()
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  onWrite(log: StoredGroupLog): void {
    this.refuseWhenClosing()
    if (log.removed)
      throw new TailraceError('UNKNOWN_PARTITION', `Group ${log.group} has been removed from this broker.`)
    this.#live.rounds.list(log)
  }

  /** After each round. */
  onRound(logs: readonly StoredGroupLog[]): void {
    for (const log of logs) if (log.segments.queuedBytes >= FLUSH_BYTES) this.#flusher.add(log)
    if (this.pool.pressed) this.#flushAll()
    this.metrics.tailBytes = this.pool.bytes
    if (this.metrics.segmentBytes - this.#checkpointedBytes < CHECKPOINT_SEGMENT_BYTES) return
    this.#checkpointedBytes = this.metrics.segmentBytes
    this.#live.checkpointer.request()
  }

  /** What the next round has to wait for: memory for what segments have not got, or a journal file. */
  room(): Promise<void> | null {
    // Records, which fill both, wait for a full disk; what leads out of it must not wait for them.
    if (this.#failure !== null || this.#space.full) return null
    if (this.pool.crowded) {
      this.#flushAll()
      return this.#flusher.progress()
    }
    if (this.#live.journal.spare) return null
    this.#live.checkpointer.request()
    return this.#live.journal.released()
  }

  onSwitch(): void {
    this.#live.checkpointer.request()
    void this.#space.look()
  }

  /** Filling a file ahead is not worth a failure while the disk is full. */
  onFillError(error: Error): void {
    if (isFull(error)) void this.#space.ranOut()
    else this.fail(error)
  }

  /** A write or a sync has failed: what is on disk is unknown, so nothing more is promised. */
  fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    void this.#flusher.stop()
    this.#parts?.rounds.fail(error)
    this.#parts?.journal.wake()
    // A close does not wait for room: the next start finds all that was durable.
    if (this.#closing === null || !isFull(error)) this.#onFailure(error)
  }

  async #removeFiles(log: StoredGroupLog): Promise<void> {
    try {
      await log.segments.remove()
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** What is being received for a group, or was before the start. */
  async #dropStaged(id: GroupId): Promise<void> {
    const install = this.#installs.get(id)
    const incarnation = this.staged.get(id)
    this.#installs.delete(id)
    this.staged.delete(id)
    await install?.stop()
    if (incarnation !== undefined) await this.env.disk.remove(`${this.groupsFolder}/${folderName(id, incarnation)}`)
  }

  #markRemoved(log: StoredGroupLog): Promise<boolean> {
    return new Promise((resolve) => {
      this.#live.rounds.join(
        (writer) => writer.mark(RecordType.Remove, log.pending),
        (durable) => {
          this.#all.delete(log)
          resolve(durable)
        },
      )
    })
  }

  #flushAll(): void {
    for (const log of this.#all) if (log.segments.done < log.segments.allowed) this.#flusher.add(log)
  }

  refuseWhenClosing(): void {
    if (this.#closing !== null) throw new TailraceError('SHUTTING_DOWN', 'The log is closed.')
  }

  async #close(): Promise<void> {
    const { rounds, checkpointer, journal, mark } = this.#live
    this.#space.close()
    await rounds.idle()
    await this.#flusher.stop()
    if (this.#failure === null) await checkpointer.finish().catch((error) => this.fail(error as Error))
    else await checkpointer.stop()
    await this.env.files.close()
    await mark.close()
    await journal.close()
  }
}

/** Whether term and vote `later` are those that were promised, or ones that came after them. */
function covers(later: HardState, promised: HardState): boolean {
  if (later.term !== promised.term) return later.term > promised.term
  return later.votedFor === promised.votedFor || promised.votedFor === NO_BROKER
}
