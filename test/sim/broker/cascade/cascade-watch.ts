import { type BrokerId, baseOffsetAt, type GroupId, type Offset } from '@tailrace/schemas'
import type { CopiedPartition } from '../../../../broker/src/cascade/copies/copied-partition.ts'
import type { CascadeNode } from '../../../../broker/src/cascade/node.ts'
import type { Topic } from '../../../../broker/src/cluster/metadata/metadata-model.ts'
import type { GroupLog, LogStorage, LogWrite } from '../../../../broker/src/log/log-storage.ts'
import { Finding } from '../finding.ts'
import type { SimProcess } from '../sim-process.ts'
import type { Watch } from '../watch.ts'
import type { WatchedGroup } from '../watched-group.ts'
import { contentOf } from '../watched-replica.ts'

/** A partition's copy at one cascade broker, over all its lives. */
export interface CopyHistory {
  readonly topicId: string
  readonly partition: number
  /** The end that it has shown, at least. */
  shown: Offset
}

/**
 * Holds the copies of cascade brokers to the committed records of level 0: at every write, when a write becomes
 * visible, and when a broker comes back.
 */
export class CascadeWatch {
  /** Batches that were written to copies. */
  copied = 0
  readonly #watch: Watch
  /** The groups of every topic that there ever was, by its id. */
  readonly #topics = new Map<string, readonly GroupId[]>()
  readonly #deleted = new Set<string>()
  /** By broker, topic and partition; they outlive the copies, for records of them may be under way. */
  readonly #shown = new Map<string, Offset>()

  constructor(watch: Watch) {
    this.#watch = watch
    watch.onTopic = (created, deleted) => this.#changed(created, deleted)
  }

  /** Watches the writes of one life, before its copies are opened. `histories`: of the copies, over its lives. */
  storage(
    broker: BrokerId,
    process: SimProcess,
    storage: LogStorage,
    histories: Map<GroupId, CopyHistory>,
  ): WatchedCopies {
    return new WatchedCopies(this, broker, { process, storage, histories })
  }

  guard(check: () => void): void {
    this.#watch.guard(check)
  }

  isDeleted(topicId: string): boolean {
    return this.#deleted.has(topicId)
  }

  /** The group at level 0. */
  groupOf({ topicId, partition }: Pick<CopyHistory, 'topicId' | 'partition'>): WatchedGroup | undefined {
    const id = this.#topics.get(topicId)?.[partition]
    return id === undefined ? undefined : this.#watch.groups.get(id)
  }

  /** The highest end that a broker has ever shown of a partition. */
  shownBy(broker: BrokerId, { topicId, partition }: Pick<CopyHistory, 'topicId' | 'partition'>): Offset {
    return this.#shown.get(`${broker} ${topicId} ${partition}`) ?? 0
  }

  shows(broker: BrokerId, { topicId, partition }: Pick<CopyHistory, 'topicId' | 'partition'>, end: Offset): void {
    const key = `${broker} ${topicId} ${partition}`
    this.#shown.set(key, Math.max(this.#shown.get(key) ?? 0, end))
  }

  #changed(created: Topic | undefined, deleted: Topic | undefined): void {
    if (created !== undefined) {
      const groups = created.partitions.map(({ group }) => group)
      this.#topics.set(created.id, groups)
    }
    if (deleted !== undefined) this.#deleted.add(deleted.id)
  }
}

/** The copies of one life of a cascade broker. */
export class WatchedCopies {
  readonly #watch: CascadeWatch
  readonly #broker: BrokerId
  readonly #process: SimProcess
  readonly #histories: Map<GroupId, CopyHistory>
  readonly #storage: LogStorage
  readonly #copies = new Map<GroupId, CopiedPartition>()
  #node: CascadeNode | null = null

  constructor(
    watch: CascadeWatch,
    broker: BrokerId,
    life: {
      readonly process: SimProcess
      readonly storage: LogStorage
      readonly histories: Map<GroupId, CopyHistory>
    },
  ) {
    this.#watch = watch
    this.#broker = broker
    this.#process = life.process
    this.#histories = life.histories
    this.#storage = life.storage
    const { storage } = life
    for (const log of storage.groups()) this.#log(log)
    const create = storage.create.bind(storage)
    storage.create = (id, damage) => {
      const log = create(id, damage)
      this.#log(log)
      return log
    }
    const remove = storage.remove.bind(storage)
    storage.remove = (id) => {
      this.#guard(() => this.#removing(id))
      return remove(id)
    }
    this.#installs(storage)
  }

  /** The node has found its copies, and is told from now on what becomes durable. */
  opened(node: CascadeNode): void {
    this.#node = node
    const { onDurable } = this.#storage
    this.#storage.onDurable = (group, ticket) => {
      onDurable(group, ticket)
      this.#guard(() => this.#shows(group))
    }
    for (const { group } of node.partitions.all()) this.#guard(() => this.#shows(group))
    for (const group of this.#histories.keys()) if (this.#copy(group) === undefined) this.#histories.delete(group)
  }

  #guard(check: () => void): void {
    if (this.#process.alive) this.#watch.guard(check)
  }

  #copy(group: GroupId): CopiedPartition | undefined {
    const known = this.#copies.get(group)
    if (known !== undefined || this.#node === null) return known
    for (const copy of this.#node.partitions.all()) this.#copies.set(copy.group, copy)
    return this.#copies.get(group)
  }

  #history(group: GroupId): CopyHistory | undefined {
    const known = this.#histories.get(group)
    if (known !== undefined) return known
    const copy = this.#copy(group)
    if (copy === undefined) return undefined
    const { topicId, partition } = copy
    const history = { topicId, partition, shown: 0 }
    this.#histories.set(group, history)
    return history
  }

  #log(log: GroupLog): void {
    const write = log.write.bind(log)
    log.write = (next) => {
      this.#guard(() => this.#write(log.group, next))
      write(next)
    }
  }

  /** Every batch is one that is committed at level 0, with its bytes, and no further than its source. */
  #write(group: GroupId, { entries, payloads }: LogWrite): void {
    const history = this.#history(group)!
    const above = this.#watch.groupOf(history)
    const session = this.#node!.uplink.session
    entries.forEach(({ baseOffset, lastOffset, term }, at) => {
      this.#watch.copied++
      const who = `${this.#name(history)} at ${baseOffset}`
      if (lastOffset >= (above?.committedEnd ?? 0))
        throw new Finding(
          'committed-only',
          `${who} has records up to ${lastOffset}, ${above?.committedEnd} is committed`,
        )
      const entry = above!.committedAt(baseOffset)
      const payload = payloads[at]!
      const isSame =
        entry?.header.lastOffset === lastOffset &&
        entry.header.term === term &&
        baseOffsetAt(payload, 0) === baseOffset &&
        contentOf(payload, baseOffset) === entry.value
      if (!isSame) throw new Finding('same-bytes-over-levels', `${who} differs from the batch of level 0`)
      if (session === null || session.reply.level === 0) return
      const end = this.#watch.shownBy(session.source, history)
      if (lastOffset >= end)
        throw new Finding('monotone-over-levels', `${who} is past ${end}, the end of its source ${session.source}`)
    })
  }

  #shows(group: GroupId): void {
    const history = this.#history(group)
    const copy = this.#copy(group)
    if (history === undefined || copy === undefined || copy.removed) return
    const { highWatermark } = copy
    const committed = this.#watch.groupOf(history)?.committedEnd ?? 0
    if (highWatermark > committed)
      throw new Finding('committed-only', `${this.#name(history)} ends at ${highWatermark}, ${committed} is committed`)
    if (highWatermark < history.shown)
      throw new Finding(
        'monotone-over-levels',
        `${this.#name(history)} ends at ${highWatermark}, and did at ${history.shown}`,
      )
    history.shown = highWatermark
    this.#watch.shows(this.#broker, history, highWatermark)
  }

  #removing(group: GroupId): void {
    const history = this.#history(group)
    this.#histories.delete(group)
    this.#copies.delete(group)
    if (history === undefined || this.#watch.isDeleted(history.topicId)) return
    throw new Finding('only-deleted-is-removed', `${this.#name(history)} is removed, and its topic is not`)
  }

  /** A copy that begins anew takes another log. */
  #installs(storage: LogStorage): void {
    const beginInstall = storage.beginInstall.bind(storage)
    storage.beginInstall = async (id, description, files) => {
      const install = await beginInstall(id, description, files)
      const finish = install.finish.bind(install)
      install.finish = () => {
        const finishing = finish()
        finishing.then(
          (log) => {
            if (this.#process.alive && storage.group(id) === log) this.#log(log)
          },
          () => {},
        )
        return finishing
      }
      return install
    }
  }

  #name({ topicId, partition }: CopyHistory): string {
    return `cascade broker ${this.#broker}, partition ${partition} of ${topicId},`
  }
}
