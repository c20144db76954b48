import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { DiskDoubt } from './disk-doubt.ts'
import { FlushPolicy } from './flush-policy.ts'
import { Flusher } from './flusher.ts'
import { StoredGroupLog } from './group-log.ts'
import type { DurableMark } from './journal/durable-mark.ts'
import type { Journal } from './journal/journal.ts'
import { type InstallingStorage, LogInstalls } from './log-installs.ts'
import { removeLog } from './log-removal.ts'
import { LogState } from './log-state.ts'
import type { Damage, GroupLog, LogDescription, LogFile, LogInstall, LogMetrics, LogStorage } from './log-storage.ts'
import { StoredLogsUsage } from './log-usage.ts'
import type { Checkpointer } from './recovery/checkpointer.ts'
import type { Rounds } from './rounds.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import { type DiskSpace, isFull } from './space/disk-space.ts'
import type { TailPool } from './tail/tail-pool.ts'

const nothing = (): void => {}

/** The parts of a storage that need to know of each other; `open` puts them together. */
export interface StorageParts {
  readonly journal: Journal
  readonly rounds: Rounds
  readonly checkpointer: Checkpointer
  readonly mark: DurableMark
}

/** All groups' logs of one broker. */
export class StoredLogs implements LogStorage, InstallingStorage {
  onDurable: (group: GroupId, ticket: number) => void = () => {}
  readonly env: SegmentContext
  readonly pool: TailPool
  readonly groupsFolder: string
  readonly metrics: LogMetrics
  readonly usage: StoredLogsUsage
  nextIncarnation = 1
  recoveredBlock = 0
  readonly installs = new LogInstalls(this)
  readonly #space: DiskSpace
  readonly #flusher: Flusher
  readonly #groups = new Map<GroupId, StoredGroupLog>()
  /** Also those that are being removed, until that is durable. */
  readonly #all = new Set<StoredGroupLog>()
  readonly doubt = new DiskDoubt({
    checkpointer: () => this.parts.checkpointer,
    logs: this.#all,
    whenDurable: (staged) => this.whenDurable(staged),
    isClosing: () => this.#closing !== null,
  })
  #parts: StorageParts | null = null
  #policy: FlushPolicy | null = null
  #closing: Promise<void> | null = null
  #failure: Error | null = null
  #onFailure: (error: Error) => void = () => {}

  constructor(env: SegmentContext, groupsFolder: string, space: DiskSpace) {
    this.env = env
    this.pool = env.pool
    this.metrics = env.metrics
    this.groupsFolder = groupsFolder
    this.#space = space
    this.usage = new StoredLogsUsage({ parts: () => this.parts, space, logs: this.#all })
    this.#flusher = new Flusher((error) => this.fail(error))
  }

  /**
   * Segments are written while the storage is being opened, when there is no listener yet: a later listener is told at
   * once.
   */
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

  get parts(): StorageParts {
    if (this.#parts === null) throw new Error('the storage is being opened')
    return this.#parts
  }

  /** Called once, before anything else. */
  connect(parts: StorageParts): void {
    this.#parts = parts
    const { pool, metrics } = this
    this.#policy = new FlushPolicy({ ...parts, pool, metrics, flusher: this.#flusher, logs: this.#all })
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

  group(id: GroupId): StoredGroupLog | undefined {
    return this.#groups.get(id)
  }

  /** Every log whose removal is not durable. */
  logs(): Iterable<StoredGroupLog> {
    return this.#all
  }

  create(id: GroupId, damage?: Damage): GroupLog {
    this.refuseWhenClosing()
    if (this.#groups.has(id)) throw new RangeError(`group ${id} exists`)
    const log = new StoredGroupLog(this, id, this.newIncarnation(), new LogState())
    this.adopt(log)
    if (damage === undefined) return log
    log.lose(damage.fromIndex, 0, damage.reason)
    return log
  }

  newIncarnation(): number {
    return this.nextIncarnation++
  }

  get mayHaveForgotten(): boolean {
    return this.doubt.mayHaveForgotten
  }

  nothingForgotten(): void {
    this.doubt.nothingForgotten()
  }

  get durableBlock(): number {
    return this.parts.rounds.durableBlock
  }

  distrust(reason: string): Promise<boolean> {
    return this.doubt.distrust(reason, this.#groups.values())
  }

  async remove(id: GroupId): Promise<void> {
    const log = this.#groups.get(id)
    if (log === undefined) return
    this.refuseWhenClosing()
    this.#groups.delete(id)
    const removed = removeLog(log, { rounds: this.parts.rounds, logs: this.#all, fail: (error) => this.fail(error) })
    await this.installs.drop(id)
    await removed
  }

  beginInstall(id: GroupId, description: LogDescription, files: readonly LogFile[]): Promise<LogInstall> {
    return this.installs.begin(id, description, files)
  }

  /** See InstallingStorage. */
  replaced(old: StoredGroupLog, log: StoredGroupLog): void {
    this.#groups.set(old.group, log)
  }

  replacementDurable(old: StoredGroupLog, log: StoredGroupLog): void {
    this.#all.delete(old)
    this.#all.add(log)
  }

  whenDurable(staged: () => boolean): Promise<boolean> {
    const { rounds } = this.parts
    return new Promise((resolve) => {
      const ask = (): void => rounds.join(nothing, look)
      // At the end of a round, before the next is staged: all staged writes are durable.
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
    this.parts.rounds.list(log)
  }

  /** After each round. */
  onRound(logs: readonly StoredGroupLog[]): void {
    this.#policy?.onRound(logs)
  }

  /** The condition that the next round has to wait for. */
  room(): Promise<void> | null {
    // Records, which fill memory and journal, wait for a full disk; operations that free it must not wait for them.
    return this.#failure !== null || this.#space.full || this.#policy === null ? null : this.#policy.room()
  }

  onSwitch(): void {
    this.parts.checkpointer.request()
    void this.#space.look()
  }

  /** Filling a file ahead is not worth a failure while the disk is full. */
  onFillError(error: Error): void {
    if (isFull(error)) void this.#space.ranOut()
    else this.fail(error)
  }

  /** A write or a sync has failed: the content of the disk is unknown, so nothing more is promised. */
  fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    void this.#flusher.stop()
    this.#parts?.rounds.fail(error)
    this.#parts?.journal.wake()
    // A close does not wait for room: the next start finds all durable entries.
    if (this.#closing === null || !isFull(error)) this.#onFailure(error)
  }

  refuseWhenClosing(): void {
    if (this.#closing !== null) throw new TailraceError('SHUTTING_DOWN', 'The log is closed.')
  }

  async #close(): Promise<void> {
    const { rounds, checkpointer, journal, mark } = this.parts
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
