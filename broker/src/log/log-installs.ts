import type { GroupId, HardState } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import { folderName } from './group-folder.ts'
import { type GroupLogHost, StoredGroupLog } from './group-log.ts'
import type { Journal } from './journal/journal.ts'
import { journalFailed } from './journal/journal-failed.ts'
import type { RecordWriter } from './journal/record.ts'
import { removeFiles } from './log-removal.ts'
import type { LogState } from './log-state.ts'
import type { LogDescription, LogFile, LogInstall } from './log-storage.ts'
import { type InstallHost, ReceivedLog } from './received-log.ts'
import type { Rounds } from './rounds.ts'
import type { SegmentContext } from './segment/segment-context.ts'

/** The services that installations need of the storage. */
export interface InstallingStorage extends GroupLogHost {
  readonly parts: { readonly journal: Journal; readonly rounds: Rounds }
  newIncarnation(): number
  /** @throws TailraceError SHUTTING_DOWN */
  refuseWhenClosing(): void
  group(id: GroupId): StoredGroupLog | undefined
  /** From now on the group has this log. */
  replaced(old: StoredGroupLog, log: StoredGroupLog): void
  /** The replacement is durable. */
  replacementDurable(old: StoredGroupLog, log: StoredGroupLog): void
  fail(error: Error): void
}

/** Logs that are received from other brokers, to take the place of a group's own. */
export class LogInstalls implements InstallHost {
  /** Incarnations of logs that are being received, or were before the start. */
  readonly staged = new Map<GroupId, number>()
  readonly #installs = new Map<GroupId, ReceivedLog>()
  readonly #storage: InstallingStorage

  constructor(storage: InstallingStorage) {
    this.#storage = storage
  }

  get env(): SegmentContext {
    return this.#storage.env
  }

  get groupsFolder(): string {
    return this.#storage.groupsFolder
  }

  get recordBytes(): number {
    return this.#storage.parts.journal.capacity / 2
  }

  refuseWhenClosing(): void {
    this.#storage.refuseWhenClosing()
  }

  async begin(id: GroupId, description: LogDescription, files: readonly LogFile[]): Promise<LogInstall> {
    const log = this.#storage.group(id)
    if (log === undefined) throw new RangeError(`there is no group ${id}`)
    this.refuseWhenClosing()
    // Durable, so that a restart knows its group.
    if (!log.pending.announced) this.#storage.parts.rounds.list(log)
    const incarnation = this.staged.get(id) ?? this.#storage.newIncarnation()
    const install = new ReceivedLog(this, log, incarnation, this.#folderOf(id, incarnation), description, files)
    const earlier = this.#installs.get(id)
    this.staged.set(id, incarnation)
    this.#installs.set(id, install)
    await earlier?.stop()
    await install.prepare()
    return install
  }

  newLog(old: StoredGroupLog, incarnation: number, state: LogState): StoredGroupLog {
    state.hardState = old.hardState
    const log = new StoredGroupLog(this.#storage, old.group, incarnation, state)
    log.essential = old.essential
    log.damage = old.damage && { ...old.damage, fromIndex: Math.min(old.damage.fromIndex, state.lastIndex + 1) }
    return log
  }

  async replace(old: StoredGroupLog, log: StoredGroupLog, describe: () => Uint8Array): Promise<void> {
    const { group, pending } = log
    const storage = this.#storage
    if (storage.group(group) !== old) {
      throw new TailraceError('UNKNOWN_PARTITION', `Group ${group} has been removed from this broker.`)
    }
    storage.replaced(old, log)
    old.replacedBy(log)
    // All later records of the group in the journal come after this one.
    pending.announced = true
    const write = (writer: RecordWriter) => writer.install(pending, describe())
    await new Promise<void>((resolve, reject) => {
      storage.parts.rounds.join(write, (durable) => {
        if (!durable) return reject(journalFailed())
        storage.replacementDurable(old, log)
        resolve()
      })
    })
    const promised = log.hardState
    const kept = () => log.removed || covers(pending.staged.hardState, promised)
    if (!kept() && !(await storage.whenDurable(kept))) throw journalFailed()
    await removeFiles(old, (error) => storage.fail(error))
  }

  ended(install: ReceivedLog): void {
    const id = install.old.group
    if (this.#installs.get(id) !== install) return
    this.#installs.delete(id)
    this.staged.delete(id)
  }

  /** Ends the transfer of a log to a group, and removes the received part, also from before the start. */
  async drop(id: GroupId): Promise<void> {
    const install = this.#installs.get(id)
    const incarnation = this.staged.get(id)
    this.#installs.delete(id)
    this.staged.delete(id)
    await install?.stop()
    if (incarnation !== undefined) await this.env.disk.remove(this.#folderOf(id, incarnation))
  }

  #folderOf(id: GroupId, incarnation: number): string {
    return `${this.groupsFolder}/${folderName(id, incarnation)}`
  }
}

/** Whether term and vote `later` are those that were promised, or ones that came after them. */
function covers(later: HardState, promised: HardState): boolean {
  if (later.term !== promised.term) return later.term > promised.term
  return later.votedFor === promised.votedFor || promised.votedFor === NO_BROKER
}
