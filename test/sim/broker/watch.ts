import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import { decodeCommand } from '../../../broker/src/cluster/command.ts'
import { MetadataState, type Topic } from '../../../broker/src/cluster/metadata-state.ts'
import type { GroupLog, LogStorage } from '../../../broker/src/log/types.ts'
import type { CreateCore } from '../../../broker/src/partition/groups.ts'
import type { Defects } from '../../../broker/src/raft/defects.ts'
import { createRaftWithDefects } from '../../../broker/src/raft/group.ts'
import { asFinding, Finding } from './finding.ts'
import type { SimProcess } from './sim-process.ts'
import { WatchedGroup } from './watched-group.ts'
import type { WatchedReplica } from './watched-replica.ts'

/**
 * Looks into the cores and logs of all brokers and holds them to the properties, at every change. Knows the metadata as well: group 0's
 * committed log says which groups there are, and whose replicas may be removed.
 */
export class Watch {
  readonly groups = new Map<GroupId, WatchedGroup>()
  readonly metadata = new MetadataState()
  finding: Finding | null = null
  /** A broker has forgotten that it ever had a replica of a group: false if that has an excuse. */
  onForgotten: (broker: BrokerId) => boolean = () => true
  readonly #defects: Defects
  /** Replicas whose core has done something in this event. */
  readonly #touched = new Set<WatchedReplica>()

  constructor(defects: Defects) {
    this.#defects = defects
  }

  /** The first is what counts: the product may go on for a while after it. */
  report(finding: Finding): void {
    this.finding ??= finding
  }

  /** Runs a check; what it finds ends the history, and not the broker that it was made in. */
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
      const replica = this.#replica(id, broker, options.configuration.voters)
      replica.started(core)
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

  /** Watches what a broker writes to its logs; after BrokerGroups was made, before it opens a group. */
  storage(broker: BrokerId, process: SimProcess, storage: LogStorage): void {
    for (const log of storage.groups()) this.#log(broker, process, log, true)
    const create = storage.create.bind(storage)
    storage.create = (id) => {
      const log = create(id)
      // A broker whose store has forgotten that a topic was deleted opens its replicas once more, blank, and removes them again.
      const isDeleted = id !== METADATA_GROUP && !this.metadata.places.has(id)
      const replica = process.alive ? this.groups.get(id)?.replica(broker) : undefined
      const isForgotten = !isDeleted && replica !== undefined && replica.durable.length > 0
      if (!isForgotten || this.onForgotten(broker)) this.guard(() => replica?.created(isDeleted))
      this.#log(broker, process, log, false)
      return log
    }
    const remove = storage.remove.bind(storage)
    storage.remove = (id) => {
      if (process.alive) this.guard(() => this.#mayRemove(broker, id))
      return remove(id)
    }
    const { onDurable } = storage
    storage.onDurable = (id, ticket) => {
      if (process.alive) this.groups.get(id)?.replica(broker)?.synced(ticket)
      onDurable(id, ticket)
    }
  }

  stopped(broker: BrokerId): void {
    for (const group of this.groups.values()) group.replica(broker)?.stopped()
  }

  /** After each event. */
  review(): void {
    for (const replica of this.#touched) if (replica.core !== null) this.guard(() => replica.core!.checkInvariants())
    this.#touched.clear()
  }

  /** Somebody was told that the group is committed up to `end`: whoever has a lease must know it too (M24). */
  told(id: GroupId, end: number): void {
    const group = this.groups.get(id)
    if (group === undefined) return
    group.toldEnd = Math.max(group.toldEnd, end)
    for (const replica of group.replicas) {
      if (replica.core?.hasLease !== true || group.watermarkOf(replica) >= group.toldEnd) continue
      this.report(
        new Finding(
          'stale-lease',
          `broker ${replica.id} has a lease on group ${id} and lacks offset ${group.toldEnd - 1}`,
        ),
      )
    }
  }

  topic(name: string): Topic | undefined {
    return this.metadata.topics.get(name)
  }

  #log(broker: BrokerId, process: SimProcess, log: GroupLog, recovered: boolean): void {
    if (recovered) this.guard(() => this.groups.get(log.group)?.replica(broker)?.recovered(log))
    const write = log.write.bind(log)
    log.write = (next) => {
      if (process.alive) this.guard(() => this.groups.get(log.group)?.replica(broker)?.write(next))
      write(next)
    }
  }

  #replica(id: GroupId, broker: BrokerId, voters: readonly BrokerId[]): WatchedReplica {
    let group = this.groups.get(id)
    if (group === undefined) {
      group = new WatchedGroup(id, voters)
      if (id === METADATA_GROUP) {
        group.onCommitted = (index, batch) => void this.metadata.apply(index, decodeCommand(batch))
      }
      this.groups.set(id, group)
    }
    const replica = group.replica(broker)
    if (replica === undefined) throw new Finding('log-matching', `broker ${broker} is no member of group ${id}`)
    return replica
  }

  #mayRemove(broker: BrokerId, id: GroupId): void {
    if (!this.metadata.places.has(id)) return
    throw new Finding('only-deleted-is-removed', `broker ${broker} removes group ${id}, whose topic is not deleted`)
  }
}
