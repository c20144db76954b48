import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { BrokerParts } from './broker-parts.ts'
import type { Applied, Topic } from './metadata/metadata-state.ts'
import type { ClusterNodeDeps } from './node-deps.ts'

const RETRY_MS = 1000
const COMMAND_MS = 10_000

export type LeadershipListener = (topic: string, partition: PartitionNumber) => void

/** Passes changes of the metadata, and of leaderships, to the parts of a broker that act on them. */
export class MetadataEffects {
  /** Subscribers that look again where a leadership may have moved. */
  readonly listeners = new Set<LeadershipListener>()
  readonly #deps: ClusterNodeDeps
  readonly #parts: BrokerParts
  #closed = false

  constructor(deps: ClusterNodeDeps, parts: BrokerParts) {
    this.#deps = deps
    this.#parts = parts
  }

  close(): void {
    this.#closed = true
  }

  applied(applied: Applied): void {
    const { created, deleted, altered, extended, changed, broker, joined, removed } = applied
    const { reconciler, controller, coordinators, forcedLeader, firstLevel, leader, directory } = this.#parts
    if (broker !== undefined) {
      this.dial([broker.peer])
      firstLevel.wake()
    }
    if (joined !== undefined) this.#memberChanged(joined.id)
    if (removed !== undefined) this.#memberChanged(removed)
    if (created !== undefined) this.#created(created, 0)
    if (extended !== undefined) this.#created(extended.topic, extended.first)
    if (altered !== undefined) reconciler.altered(altered)
    if (deleted !== undefined) {
      reconciler.deleted(deleted)
      coordinators.topicDeleted(deleted)
      this.#forget(deleted)
    }
    if (changed !== undefined) {
      this.#reviewLeader(changed.topic.partitions[changed.partition]!.group)
      reconciler.changed(changed)
      forcedLeader.look(changed.topic.partitions[changed.partition]!.group)
      controller.wake()
    }
    if (applied.metadataPriority) this.#prioritise()
    if (applied.upkeep) this.#parts.balancer.wake()
    if (applied.security !== undefined) this.#parts.expiredTokens.wake()
    if (applied.security?.acls !== undefined) coordinators.rightsChanged()
    if (broker?.id === this.#deps.brokerId && this.#parts.registration.applied) this.#caughtUp()
    leader.applied(applied)
    directory.touch()
  }

  /** The metadata has come as a whole, from another broker: the changes are not known, so everything is looked at. */
  restored(): void {
    const { state, reconciler, controller, forcedLeader, members, registration, directory } = this.#parts
    this.dial(this.#parts.addresses())
    for (const id of [...state.joined.keys(), ...state.removed.keys()]) this.#memberChanged(id)
    if (registration.applied) this.#caughtUp()
    reconciler.resync()
    forcedLeader.lookAtAll()
    controller.wake()
    members.wake()
    this.#prioritise()
    directory.keepOnly((group) => state.mayExist(group))
    for (const group of state.places.keys()) this.#reviewLeader(group)
    this.#parts.coordinators.topicsChanged(null)
    directory.touch()
  }

  /** The partitions from number `first` on are new. */
  #created(topic: Topic, first: PartitionNumber): void {
    for (const { group } of topic.partitions.slice(first)) this.#reviewLeader(group)
    this.#parts.reconciler.created(topic, first)
    this.#parts.coordinators.topicsChanged(topic.name)
    if (first > 0) for (let at = first; at < topic.partitions.length; at++) this.#tell(topic.name, at)
  }

  /** This broker knows all decisions from before its start. */
  #caughtUp(): void {
    const { reconciler, forcedLeader, state } = this.#parts
    reconciler.caughtUp()
    forcedLeader.lookAtAll()
    for (const group of state.fenced) if (!reconciler.holds(group)) this.replicaRemoved(group)
  }

  /** Leaderships that were announced before this broker knew the replicas of the partition. */
  #reviewLeader(group: GroupId): void {
    const { directory, permissions } = this.#parts
    directory.review(group, (broker) => permissions.mayHold(broker, group))
  }

  /** A broker that was left out when members were forced may have a new replica once the outdated one is gone. */
  replicaRemoved(group: GroupId): void {
    const { brokerId, clock, logger } = this.#deps
    const { state, client, directory } = this.#parts
    directory.disown(group)
    if (this.#closed || !state.partitionOf(group)?.outcasts?.includes(brokerId)) return
    client.submit({ type: 'replica-dropped', group, broker: brokerId }, COMMAND_MS).catch((error) => {
      logger.warn({ group, err: error }, 'cannot report that an outdated replica is gone; trying again')
      clock.after(RETRY_MS, () => this.replicaRemoved(group))
    })
  }

  #memberChanged(id: BrokerId): void {
    const { state, formation, members } = this.#parts
    formation.memberChanged(id)
    const joined = state.joined.get(id)
    if (joined !== undefined) this.dial([joined.peer])
    if (state.removed.has(id) && id !== this.#deps.brokerId) this.#deps.clock.soon(() => this.#deps.peers.hangUp(id))
    members.wake()
  }

  dial(addresses: readonly string[]): void {
    const { peers, peerAddress } = this.#deps
    for (const address of addresses) if (address !== peerAddress && address !== '') peers.dial(address)
  }

  #forget(topic: Topic): void {
    const { directory, publisher, status, groupRequests } = this.#parts
    for (const { group } of topic.partitions) {
      directory.forget(group)
      publisher.forget(group)
      status.forget(group)
      groupRequests.leadershipChanged(group)
    }
  }

  #prioritise(): void {
    const factor = this.#parts.state.metadataPriorities[this.#deps.brokerId] ?? 1
    this.#deps.groups.get(METADATA_GROUP)?.update({ electionFactor: factor })
  }

  leadershipChanged(group: GroupId): void {
    const { publisher, groupRequests, controller, leaderReturn, members, firstLevel, state } = this.#parts
    publisher.leadershipChanged(group)
    groupRequests.leadershipChanged(group)
    this.#parts.coordinators.leadershipChanged(group)
    this.#parts.streamLeaders.leadershipChanged(group)
    if (group === METADATA_GROUP) {
      controller.wake()
      leaderReturn.wake()
      this.#parts.balancer.wake()
      members.wake()
      firstLevel.wake()
      this.#parts.expiredTokens.wake()
    }
    const place = state.places.get(group)
    if (place !== undefined) this.#tell(place.topic.name, place.partition)
  }

  #tell(topic: string, partition: PartitionNumber): void {
    for (const listener of this.listeners) {
      try {
        listener(topic, partition)
      } catch (error) {
        this.#deps.logger.error({ err: error }, 'a listener for leaderships has failed')
      }
    }
  }
}
