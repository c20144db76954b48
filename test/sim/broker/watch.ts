import type { BrokerId, GroupId, LogIndex } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import { decodeCommand, type IdentifiedCommand } from '../../../broker/src/cluster/metadata/commands/command.ts'
import { MetadataState, type Topic } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import type { GroupLog, LogStorage } from '../../../broker/src/log/log-storage.ts'
import type { CreateCore } from '../../../broker/src/partition/broker/replica-opening.ts'
import type { Defects } from '../../../broker/src/raft/defects.ts'
import { createRaftWithDefects } from '../../../broker/src/raft/group.ts'
import { asFinding, Finding } from './finding.ts'
import type { ReleaseWatch } from './release.ts'
import { SecurityWatch } from './security-watch.ts'
import type { SimProcess } from './sim-process.ts'
import type { UpkeepWatch } from './upkeep-watch.ts'
import { WatchedGroup } from './watched-group.ts'
import type { WatchedReplica } from './watched-replica.ts'

/**
 * Looks into the cores and logs of all brokers and holds them to the properties, at every change. Knows the metadata as
 * well: group 0's committed log says which groups there are, and whose replicas may be removed.
 */
export class Watch {
  readonly groups = new Map<GroupId, WatchedGroup>()
  readonly metadata = new MetadataState()
  finding: Finding | null = null
  /** Brokers that may come back blank: the consequences are to be found, not the blank replica itself. */
  readonly excused = new Set<BrokerId>()
  /** In seeds with two releases. */
  releases: ReleaseWatch | null = null
  /** In seeds whose brokers look after the spread of replicas. */
  upkeep: UpkeepWatch | null = null
  /** Called when a topic is created or deleted. */
  onTopic: (created: Topic | undefined, deleted: Topic | undefined) => void = () => {}
  readonly security = new SecurityWatch(this.metadata.security)
  readonly #defects: Defects
  readonly #founders: readonly BrokerId[]
  readonly #brokers: readonly BrokerId[]
  /** Replicas whose core took part in this event. */
  readonly #touched = new Set<WatchedReplica>()

  /** `brokers`: all that there may ever be; `founders`: those that form the cluster. */
  constructor(defects: Defects, founders: readonly BrokerId[], brokers: readonly BrokerId[]) {
    this.#defects = defects
    this.#founders = founders
    this.#brokers = brokers
  }

  /** The first finding counts: the product may run on for a while after it. */
  report(finding: Finding): void {
    this.finding ??= finding
  }

  /** Runs a check; its finding ends the history, and not the broker in which it was made. */
  guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.report(asFinding(error))
    }
  }

  /** For `GroupsDeps.createCore` of one life of a broker. */
  createCore(broker: BrokerId, process: SimProcess): CreateCore {
    return (options, start, id) => {
      const core = createRaftWithDefects(options, start, this.#defects)
      const replica = this.#group(id, options.configuration.voters).replica(broker)!
      replica.started(core, options.admission ?? 0, options.configuration)
      replica.process = process
      const ready = core.ready.bind(core)
      core.ready = () => {
        const next = ready()
        if (process.alive) {
          this.#touched.add(replica)
          this.guard(() => replica.ready(next))
        }
        return next
      }
      return core
    }
  }

  /** Watches a broker's writes to its logs; after BrokerGroups was made, before it opens a group. */
  storage(broker: BrokerId, process: SimProcess, storage: LogStorage): void {
    for (const log of storage.groups()) {
      this.guard(() => this.#replica(log.group, broker)?.recovered(log))
      this.#log(broker, process, log)
    }
    const create = storage.create.bind(storage)
    storage.create = (id, damage) => {
      const log = create(id, damage)
      const replica = process.alive ? this.#replica(id, broker) : undefined
      // A broker whose store has forgotten that a topic was deleted opens its replicas once more, blank, and removes
      // them again.
      const isDeleted = id !== METADATA_GROUP && !this.metadata.places.has(id)
      if (log.damage !== null) replica?.createdDamaged()
      else this.guard(() => replica?.created(isDeleted || this.excused.has(broker) || replica.hasLostTail))
      this.#log(broker, process, log)
      return log
    }
    const remove = storage.remove.bind(storage)
    storage.remove = (id) => {
      if (process.alive) this.guard(() => this.#removing(broker, id))
      return remove(id)
    }
    this.#installs(broker, process, storage)
    const { onDurable } = storage
    storage.onDurable = (id, ticket) => {
      if (process.alive) this.#replica(id, broker)?.synced(ticket)
      onDurable(id, ticket)
    }
  }

  /** Its folder is an older one: nothing on it shows the missing part. */
  wasPutBack(broker: BrokerId): void {
    for (const group of this.groups.values()) group.replica(broker)!.hasLostTail = true
  }

  stopped(broker: BrokerId): void {
    for (const group of this.groups.values()) group.replica(broker)?.stopped()
  }

  /** After each event. */
  review(): void {
    for (const replica of this.#touched) if (replica.core !== null) this.guard(() => replica.review())
    this.#touched.clear()
    this.guard(() => this.upkeep?.copies.review())
  }

  /** A client was told that the group is committed up to `end`: a leader with a lease must know it too (M24). */
  told(id: GroupId, end: number): void {
    const group = this.groups.get(id)
    if (group === undefined) return
    group.toldEnd = Math.max(group.toldEnd, end)
    for (const replica of group.replicas) {
      // Leases are counted in ticks, of which a process that stands still has none; a broker catches up before it asks
      // for one (LinearizableReader).
      if (replica.core?.hasLease !== true || replica.process?.stoodStill || group.watermarkOf(replica) >= group.toldEnd)
        continue
      const name = `broker ${replica.id} has a lease on group ${id}`
      this.report(new Finding('stale-lease', `${name} and lacks offset ${group.toldEnd - 1}`))
    }
  }

  topic(name: string): Topic | undefined {
    return this.metadata.topics.get(name)
  }

  #replica(id: GroupId, broker: BrokerId): WatchedReplica | undefined {
    return this.groups.get(id)?.replica(broker)
  }

  #log(broker: BrokerId, process: SimProcess, log: GroupLog): void {
    const { group } = log
    const write = log.write.bind(log)
    log.write = (next) => {
      if (process.alive) this.guard(() => this.#replica(group, broker)?.write(next))
      write(next)
    }
    const cutPrefix = log.cutPrefix.bind(log)
    log.cutPrefix = (before) => {
      const { prevIndex } = log
      const cutting = cutPrefix(before)
      if (process.alive && log.prevIndex > prevIndex) this.guard(() => this.#cut(broker, log))
      return cutting
    }
    const lose = log.lose.bind(log)
    log.lose = (from, endOffset, reason) => {
      if (process.alive) this.#replica(group, broker)?.lost(from)
      lose(from, endOffset, reason)
    }
    const repaired = log.repaired.bind(log)
    log.repaired = () => {
      if (process.alive) this.#replica(group, broker)?.repaired()
      repaired()
    }
  }

  /** Logs that take the place of others. */
  #installs(broker: BrokerId, process: SimProcess, storage: LogStorage): void {
    const beginInstall = storage.beginInstall.bind(storage)
    storage.beginInstall = async (id, description, files) => {
      const install = await beginInstall(id, description, files)
      const finish = install.finish.bind(install)
      install.finish = () => {
        const finishing = finish()
        if (process.alive) this.#replica(id, broker)?.installing()
        // Called before the broker is told: from then on it writes to the new log.
        finishing.then(
          (log) => {
            // It may have been removed as soon as it was in its place.
            if (!process.alive || storage.group(id) !== log) return
            const group = this.groups.get(id)!
            group.installs++
            this.guard(() => group.replica(broker)!.installed(log))
            this.#log(broker, process, log)
          },
          () => {},
        )
        return finishing
      }
      return install
    }
  }

  #cut(broker: BrokerId, log: GroupLog): void {
    const group = this.groups.get(log.group)!
    group.cuts++
    group.start = Math.max(group.start, log.startOffset)
    group.replica(broker)!.cut(log.prevIndex)
  }

  #group(id: GroupId, founders: readonly BrokerId[]): WatchedGroup {
    let group = this.groups.get(id)
    if (group === undefined) {
      const known = id === METADATA_GROUP ? this.#founders : (this.metadata.partitionOf(id)?.founders ?? founders)
      group = new WatchedGroup(id, known, this.#brokers)
      if (id === METADATA_GROUP) {
        group.onCommitted = (index, batch) => this.#apply(index, decodeCommand(batch)!)
      }
      this.groups.set(id, group)
    }
    return group
  }

  #apply(index: LogIndex, entry: IdentifiedCommand): void {
    const { featureLevel } = this.metadata.head
    this.guard(() => this.upkeep?.committing(entry.command))
    const { created, deleted } = this.metadata.apply(index, entry)
    if (created !== undefined || deleted !== undefined) this.onTopic(created, deleted)
    this.guard(() => this.releases?.committed(entry.command, featureLevel, this.metadata))
    this.guard(() => this.security.committed(entry.command))
  }

  #removing(broker: BrokerId, id: GroupId): void {
    if (!this.metadata.places.has(id)) return
    const group = this.groups.get(id)
    const replica = group?.replica(broker)
    if (group === undefined || replica === undefined) return
    if (group.invariants.isMember(replica))
      throw new Finding('only-deleted-is-removed', `broker ${broker} removes group ${id}, to which it belongs`)
    this.upkeep?.copies.removing(id, broker)
    replica.removed()
  }
}
