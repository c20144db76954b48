import { TailraceError } from '@tailrace/schemas'
import { DiskError } from '../platform/disk.ts'
import type { StoredGroupLog } from './group-log.ts'
import { LogState } from './log-state.ts'
import type { GroupLog, LogDescription, LogFile, LogInstall } from './log-storage.ts'
import { describeState, type GroupCheckpoint } from './recovery/checkpoint.ts'
import type { Segment } from './segment/segment.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import { checkDescription, hangsTogether, noteSound, receivedSegment } from './segment/verify.ts'

/** A file of this name says that a folder holds a log in transfer to the group: a restart keeps it. */
export const STAGED = 'receiving'

/** The services that a received log needs of the storage. */
export interface InstallHost {
  readonly env: SegmentContext
  readonly groupsFolder: string
  /** Largest record that a round can take. */
  readonly recordBytes: number
  /** @throws TailraceError SHUTTING_DOWN */
  refuseWhenClosing(): void
  /**
   * Puts the log in the place of the old one: from now on for all callers, durably when it resolves, with a record
   * whose body `describe` gives when it is written.
   * @throws TailraceError UNKNOWN_PARTITION when the old one is no longer the group's
   */
  replace(old: StoredGroupLog, log: StoredGroupLog, describe: () => Uint8Array): Promise<void>
  newLog(old: StoredGroupLog, incarnation: number, state: LogState): StoredGroupLog
  ended(install: ReceivedLog): void
}

/** One log in transfer to this broker, in a folder of its own. */
export class ReceivedLog implements LogInstall {
  readonly description: LogDescription
  readonly files: readonly LogFile[]
  readonly incarnation: number
  readonly old: StoredGroupLog
  readonly #host: InstallHost
  readonly #folder: string
  readonly #state: LogState
  readonly #have = new Map<string, number>()
  #closed = false
  #work: Promise<unknown> = Promise.resolve()

  /**
   * @throws TailraceError STORAGE_CORRUPT when the description contradicts itself; RangeError for a file that is no
   * segment
   */
  constructor(
    host: InstallHost,
    old: StoredGroupLog,
    incarnation: number,
    folder: string,
    description: LogDescription,
    files: readonly LogFile[],
  ) {
    this.#host = host
    this.old = old
    this.incarnation = incarnation
    this.#folder = folder
    this.description = description
    this.files = files
    this.#state = describedState(description)
    checkDescription(this.#state, description.lastTerm)
    for (const { name } of files) receivedSegment(host.env, folder, name)
  }

  /**
   * Makes the folder, or looks at the files that an earlier attempt has left in it: whole sound batches of files that
   * are still wanted are kept.
   */
  async prepare(): Promise<void> {
    const { disk, files } = this.#host.env
    const folder = this.#folder
    await disk.makeFolder(folder)
    await files.use(`${folder}/${STAGED}`, async () => {})
    await files.forget(`${folder}/${STAGED}`)
    const wanted = new Map(this.files.map((file) => [file.name, file]))
    for (const name of await disk.list(folder)) {
      const file = wanted.get(name)
      if (file !== undefined) await this.#keepSound(file)
      else if (name !== STAGED) await disk.remove(`${folder}/${name}`)
    }
    await disk.syncFolder(folder)
    await disk.syncFolder(this.#host.groupsFolder)
  }

  have(name: string): number {
    return this.#have.get(name) ?? 0
  }

  async write(name: string, position: number, bytes: Uint8Array): Promise<void> {
    this.#refuseWhenClosed()
    const file = this.files.find((candidate) => candidate.name === name)
    const have = this.have(name)
    if (file === undefined || position !== have || have + bytes.length > file.bytes) {
      throw new RangeError(`${bytes.length} bytes at ${position} of ${name}, of which ${have} are here, are not wanted`)
    }
    const { space, files } = this.#host.env
    if (!space.writable && !this.old.essential) throw new DiskError('full', `no space for ${this.#folder}/${name}`)
    await this.#run(() => files.use(`${this.#folder}/${name}`, (target) => target.write([bytes], position)))
    space.took(bytes.length)
    this.#have.set(name, position + bytes.length)
  }

  async finish(): Promise<GroupLog> {
    this.#refuseWhenClosed()
    const segments: Segment[] = []
    await this.#run(async () => {
      for (const file of this.files) segments.push(await this.#verified(file))
      await this.#checkChain(segments)
      await this.#host.env.disk.syncFolder(this.#folder)
      await this.#host.env.disk.syncFolder(this.#host.groupsFolder)
    })
    this.#refuseWhenClosed()
    this.#closed = true
    try {
      return await this.#install(segments)
    } finally {
      this.#host.ended(this)
    }
  }

  async abort(): Promise<void> {
    if (this.#closed) return
    await this.stop()
    this.#host.ended(this)
    await this.#host.env.disk.remove(this.#folder)
  }

  /** Nothing is written any more; the received files stay. */
  async stop(): Promise<void> {
    this.#closed = true
    await this.#work
    for (const { name } of this.files) await this.#forget(name)
  }

  /** One after the other, so that `stop` can wait for all of it. */
  #run<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = this.#work.then(() => {
      this.#refuseWhenClosed()
      return work()
    })
    this.#work = run.catch(() => {})
    return run
  }

  #refuseWhenClosed(): void {
    this.#host.refuseWhenClosing()
    if (this.#closed) throw new TailraceError('CLOSED', `Receiving the log of group ${this.old.group} has ended.`)
  }

  async #forget(name: string): Promise<void> {
    const segment = receivedSegment(this.#host.env, this.#folder, name)
    await this.#host.env.files.forget(segment.path)
    await this.#host.env.files.forget(segment.indexPath)
  }

  /**
   * After a crash of the machine a file may have the length of the bytes that were written to it and not the content.
   */
  async #keepSound({ name, bytes }: LogFile): Promise<void> {
    const { env } = this.#host
    const segment = receivedSegment(env, this.#folder, name)
    const size = (await env.disk.size(segment.path)) ?? 0
    await noteSound(env, segment, Math.min(size, bytes), this.#state)
    if (segment.bytes < size) await env.files.use(segment.path, (file) => file.truncate(segment.bytes))
    this.#have.set(name, segment.bytes)
  }

  /** The segment of a file that is as described and synced. */
  async #verified({ name, bytes, appendedAt }: LogFile): Promise<Segment> {
    const { env } = this.#host
    const segment = receivedSegment(env, this.#folder, name)
    segment.appendedAt = Math.min(appendedAt ?? env.now(), env.now())
    await noteSound(env, segment, this.have(name), this.#state)
    if (segment.bytes !== bytes) {
      await env.files.use(segment.path, (file) => file.truncate(segment.bytes))
      this.#have.set(name, segment.bytes)
      throw new TailraceError(
        'STORAGE_CORRUPT',
        `${segment.path}: received bytes are not as described from ${segment.bytes} on.`,
      )
    }
    segment.touched()
    await segment.writeIndex(env.files)
    await segment.sync(env.files)
    return segment
  }

  async #checkChain(segments: Segment[]): Promise<void> {
    segments.sort((a, b) => a.baseIndex - b.baseIndex)
    if (hangsTogether(segments, this.#state)) return
    for (const { name } of this.files) {
      await this.#forget(name)
      await this.#host.env.disk.remove(`${this.#folder}/${name}`)
      this.#have.delete(name)
    }
    throw new TailraceError(
      'STORAGE_CORRUPT',
      `The segments received for group ${this.old.group} do not follow on each other.`,
    )
  }

  async #install(segments: Segment[]): Promise<GroupLog> {
    const { env } = this.#host
    for (const segment of segments.slice(0, -1)) {
      segment.sealed = true
      // It is in its file; read again when it is needed.
      segment.index = null
    }
    const log = this.#host.newLog(this.old, this.incarnation, this.#state)
    log.segments.restore(segments, this.#state.lastIndex, false)
    const records = segments.map((segment) => segment.record())
    const describe = () => {
      const { group, damage, pending } = log
      const state = describeState(pending.staged)
      const record: GroupCheckpoint = {
        group,
        incarnation: this.incarnation,
        counter: 1,
        damage,
        ...state,
        segments: records,
      }
      return new TextEncoder().encode(JSON.stringify(record))
    }
    if (describe().length > this.#host.recordBytes) {
      throw new TailraceError(
        'INTERNAL',
        `The log of group ${log.group} has too many segments and terms for the journal's files.`,
      )
    }
    await this.#host.replace(this.old, log, describe)
    await env.disk.remove(`${this.#folder}/${STAGED}`)
    return log
  }
}

/** Term and vote are not taken from the sender. */
function describedState(description: LogDescription): LogState {
  const { prevIndex, prevTerm, startOffset, lastIndex, endOffset, terms, configurations } = description
  const copies = configurations.map(({ index, batch }) => ({ index, batch: batch.slice() }))
  return Object.assign(new LogState(), {
    prevIndex,
    prevTerm,
    startOffset,
    lastIndex,
    endOffset,
    terms: terms.slice(),
    configurations: copies,
  })
}
