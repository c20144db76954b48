import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import type { AdminApi } from '../api/admin-api.ts'
import type { BrokerApi } from '../api/broker-api.ts'
import { damagedFile } from '../log/recovery/damaged-file.ts'
import type { PeerHandlers, PeerIdentity } from '../partition/peers.ts'
import type { BrokerParts } from './broker-parts.ts'
import { createParts } from './broker-parts.ts'
import { IdentityFile } from './formation/identity-file.ts'
import type { Welcome } from './formation/joining.ts'
import { LivesFile } from './formation/lives-file.ts'
import { Witness } from './formation/witness.ts'
import type { BrokerRegistration } from './metadata/command.ts'
import { outOfRange, supports } from './metadata/feature-levels.ts'
import type { FormationRecord } from './metadata/formation-record.ts'
import { clusterSecret } from './metadata/formation-record.ts'
import type { Applied, Topic } from './metadata/metadata-state.ts'
import { loadMetadata } from './metadata/metadata-store.ts'
import { checkStoredSizes } from './metadata/stored-sizes.ts'
import type { ClusterNodeDeps } from './node-deps.ts'
import { composePeerHandlers } from './peer-handlers.ts'
import { describeRefusals } from './refusals.ts'
import { describeStandings } from './replicas/replica-standings.ts'
import { createBrokerApi } from './routing/broker-facade.ts'

export type { ClusterNodeDeps, DiallingPeers, GroupsWithPeers } from './node-deps.ts'

export interface ClusterNode {
  readonly api: BrokerApi
  readonly admin: AdminApi
  readonly handlers: PeerHandlers
  /** What this broker says of itself to peers now; after `start`. */
  identity(): PeerIdentity
  /**
   * Before Peers starts. Joining the cluster goes on in the background; `api.readiness()` tells.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH, INVALID_SETTING, STORAGE_CORRUPT, NEWER_FORMAT, FEATURE_LEVEL_UNSUPPORTED
   */
  start(): Promise<void>
  /** Before Groups and the store are closed. */
  close(): Promise<void>
}

/** How long the first metadata leader waits for the others to be there, so that its first election is not in vain. */
const SHARED_MS = 500
const OPEN_RETRY_MS = 1000
const COMMAND_MS = 10_000

/** A broker as a member of its cluster. */
export function createClusterNode(deps: ClusterNodeDeps): ClusterNode {
  return new BrokerNode(deps)
}

class BrokerNode implements ClusterNode {
  readonly api: BrokerApi
  readonly admin: AdminApi
  readonly handlers: PeerHandlers
  readonly #deps: ClusterNodeDeps
  readonly #file: IdentityFile
  readonly #parts: BrokerParts
  readonly #witness: Witness
  readonly #listeners = new Set<(topic: string, partition: PartitionNumber) => void>()
  #closed = false

  constructor(deps: ClusterNodeDeps) {
    this.#deps = deps
    this.#file = new IdentityFile(deps.disk, deps.dataFolder, deps.brokerId)
    this.#parts = createParts(deps, this.#file, {
      applied: (applied) => this.#applied(applied),
      restored: () => this.#restored(),
      formed: (record) => void this.#becomeMember(record),
      welcomed: (welcome) => this.#welcomed(welcome),
      leadershipChanged: (group) => this.#leadershipChanged(group),
      removed: (group) => this.#replicaRemoved(group),
      describeSelf: () => this.#describeSelf(),
    })
    this.#parts.state.freshness = () => this.#freshness()
    this.admin = this.#parts.admin
    this.api = createBrokerApi({
      ...this.#parts,
      brokerId: deps.brokerId,
      peers: deps.peers,
      listeners: this.#listeners,
      formation: () => this.#file.formation,
      readiness: () => this.#readiness(),
    })
    this.#witness = new Witness({
      ...deps,
      file: new LivesFile(deps.disk, deps.dataFolder),
      directoryId: () => this.#file.directoryId,
    })
    this.handlers = composePeerHandlers({ ...this.#parts, groups: deps.groups, witness: this.#witness })
  }

  identity(): PeerIdentity {
    const { brokerId, incarnation, peerAddress, http } = this.#deps
    const { directoryId, formation } = this.#file
    const clusterId = formation?.clusterId ?? ''
    return { brokerId, directoryId, incarnation, clusterId, peer: peerAddress, http, formed: formation !== null }
  }

  async start(): Promise<void> {
    const { groups, store, random, dataFolder } = this.#deps
    const { state, reconciler, directory, formation, registration } = this.#parts
    await this.#file.load(random)
    await this.#witness.start(this.#deps.incarnation)
    await loadMetadata(store, state)
    // Also at the next start, which finds the identity that this one has made.
    if (this.#file.formation === null && (state.head.appliedIndex > 0 || !isEmpty(groups.stored())))
      throw damagedFile(`${dataFolder}/identity.json`, 'it is missing, and the folder holds the data of a broker')
    checkStoredSizes(state, this.#deps.sizeLimits ?? {})
    const { levels } = this.#parts
    const { featureLevel } = state.head
    if (!supports(levels, featureLevel)) throw outOfRange(this.#deps.brokerId, levels, featureLevel)
    groups.onLeadership = (group, term, leader) => directory.own(group, term, leader)
    const record = this.#file.formation
    if (record === null) return formation.tryToForm()
    groups.sealTokens(clusterSecret(record))
    this.#dial(this.#parts.addresses())
    reconciler.start()
    await this.#openMetadata(record, { preferred: false, isNew: false })
    void registration.run()
  }

  async close(): Promise<void> {
    this.#closed = true
    const { formation, joining, registration, reconciler, controller, leaderReturn, members, forcedLeader } =
      this.#parts
    const parts = [formation, joining, registration, reconciler, controller, leaderReturn, members, forcedLeader]
    for (const part of parts) part.close()
    this.#parts.publisher.close()
    this.#parts.directory.close()
    await this.#parts.writer.close()
  }

  /** This broker has just become a member of a cluster, and has that on its disk. */
  async #becomeMember(record: FormationRecord): Promise<void> {
    const { brokerId, clock, logger } = this.#deps
    this.#deps.groups.sealTokens(clusterSecret(record))
    const preferred = this.#file.admission === 0 && record.voters[0]!.id === brokerId
    if (preferred) await this.#parts.formation.whenShared(SHARED_MS)
    try {
      if (this.#closed) return
      await this.#openMetadata(record, { preferred, isNew: true })
    } catch (error) {
      logger.error({ err: error }, 'cannot open the metadata group; trying again')
      clock.after(OPEN_RETRY_MS, () => void this.#becomeMember(record))
      return
    }
    await this.#parts.registration.run()
  }

  async #welcomed({ record, admission, addresses }: Welcome): Promise<void> {
    await this.#parts.formation.welcomed(record, admission)
    this.#dial(addresses)
  }

  async #openMetadata(
    record: FormationRecord,
    moment: { readonly preferred: boolean; readonly isNew: boolean },
  ): Promise<void> {
    const { groups, largestMaxBatchBytes, brokerId } = this.#deps
    const { machine, state, directory } = this.#parts
    const founders = record.voters.map((voter) => voter.id)
    const { admission } = this.#file
    await groups.open({
      group: METADATA_GROUP,
      voters: admission === 0 ? founders : [],
      admission,
      ...moment,
      present: () => this.#metadataMembers(founders),
      maxBatchBytes: largestMaxBatchBytes,
      electionFactor: state.metadataPriorities[brokerId] ?? 1,
      stateMachine: machine,
    })
    directory.touch()
  }

  /** Whom to ask for what the replica may have promised: who votes by its own log; without one, everybody. */
  #metadataMembers(founders: readonly BrokerId[]): readonly BrokerId[] {
    const { joined, removed } = this.#parts.state
    const { voters = [], outgoing = [] } = this.#deps.groups.get(METADATA_GROUP)?.configuration ?? {}
    const members = voters.length > 0 ? [...voters, ...outgoing] : [...founders, ...joined.keys()]
    return members.filter((id) => !removed.has(id))
  }

  #applied(applied: Applied): void {
    const { created, deleted, altered, changed, broker, joined, removed } = applied
    const { reconciler, controller, forcedLeader, leader, directory } = this.#parts
    if (broker !== undefined) this.#dial([broker.peer])
    if (joined !== undefined) this.#memberChanged(joined.id)
    if (removed !== undefined) this.#memberChanged(removed)
    if (created !== undefined) {
      for (const { group } of created.partitions) this.#reviewLeader(group)
      reconciler.created(created)
    }
    if (altered !== undefined) reconciler.altered(altered)
    if (deleted !== undefined) {
      reconciler.deleted(deleted)
      this.#forget(deleted)
    }
    if (changed !== undefined) {
      this.#reviewLeader(changed.topic.partitions[changed.partition]!.group)
      reconciler.changed(changed)
      forcedLeader.look(changed.topic.partitions[changed.partition]!.group)
      controller.wake()
    }
    if (applied.metadataPriority) this.#prioritise()
    if (broker?.id === this.#deps.brokerId && this.#parts.registration.applied) this.#caughtUp()
    leader.applied(applied)
    directory.touch()
  }

  /** The metadata has come as a whole, from another broker: what changed is not known, so everything is looked at. */
  #restored(): void {
    const { state, reconciler, controller, forcedLeader, members, registration, directory } = this.#parts
    this.#dial(this.#parts.addresses())
    for (const id of [...state.joined.keys(), ...state.removed.keys()]) this.#memberChanged(id)
    if (registration.applied) this.#caughtUp()
    reconciler.resync()
    forcedLeader.lookAtAll()
    controller.wake()
    members.wake()
    this.#prioritise()
    directory.keepOnly((group) => state.mayExist(group))
    for (const group of state.places.keys()) this.#reviewLeader(group)
    directory.touch()
  }

  /** This broker knows all that was decided before its start. */
  #caughtUp(): void {
    const { reconciler, forcedLeader, state } = this.#parts
    reconciler.caughtUp()
    forcedLeader.lookAtAll()
    for (const group of state.fenced) if (!reconciler.holds(group)) this.#replicaRemoved(group)
  }

  /** What was announced before this broker knew who holds the partition. */
  #reviewLeader(group: GroupId): void {
    const { directory, hearing } = this.#parts
    directory.review(group, (broker) => hearing.mayHold(broker, group))
  }

  /** Whoever was left behind when members were forced may come back as a new replica, once the outdated one is gone. */
  #replicaRemoved(group: GroupId): void {
    const { brokerId, clock, logger } = this.#deps
    const { state, client, directory } = this.#parts
    directory.disown(group)
    if (this.#closed || !state.partitionOf(group)?.outcasts?.includes(brokerId)) return
    client.submit({ type: 'replica-dropped', group, broker: brokerId }, COMMAND_MS).catch((error) => {
      logger.warn({ group, err: error }, 'cannot tell that an outdated replica is gone; trying again')
      clock.after(OPEN_RETRY_MS, () => this.#replicaRemoved(group))
    })
  }

  #memberChanged(id: BrokerId): void {
    const { state, formation, members } = this.#parts
    formation.memberChanged(id)
    const joined = state.joined.get(id)
    if (joined !== undefined) this.#dial([joined.peer])
    if (state.removed.has(id) && id !== this.#deps.brokerId) this.#deps.clock.soon(() => this.#deps.peers.hangUp(id))
    members.wake()
  }

  #dial(addresses: readonly string[]): void {
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

  #leadershipChanged(group: GroupId): void {
    const { publisher, groupRequests, controller, leaderReturn, members, state } = this.#parts
    publisher.leadershipChanged(group)
    groupRequests.leadershipChanged(group)
    if (group === METADATA_GROUP) {
      controller.wake()
      leaderReturn.wake()
      members.wake()
    }
    const place = state.places.get(group)
    if (place === undefined) return
    for (const listener of this.#listeners) {
      try {
        listener(place.topic.name, place.partition)
      } catch (error) {
        this.#deps.logger.error({ err: error }, 'a listener for leaderships has failed')
      }
    }
  }

  #describeSelf(): BrokerRegistration {
    const { brokerId, http, peerAddress, pid, incarnation } = this.#deps
    const { lowest, highest } = this.#parts.levels
    return {
      id: brokerId,
      http,
      peer: peerAddress,
      pid,
      incarnation,
      directoryId: this.#file.directoryId,
      levels: { lowest, highest },
    }
  }

  #freshness(): 'level' | 'leaderless' | 'behind' {
    const { registration, directory } = this.#parts
    if (!registration.applied) return 'behind'
    return directory.lookup(METADATA_GROUP).leader === NO_BROKER ? 'leaderless' : 'level'
  }

  #readiness(): { ready: boolean; reason: string } {
    const { formation, joining, directory, registration, reconciler, state, machine } = this.#parts
    const not = (reason: string): { ready: boolean; reason: string } => ({ ready: false, reason })
    if (this.#closed) return not('The broker is shutting down.')
    const refusals = (): string => describeRefusals(this.#deps.peers, [...this.#deps.join, ...this.#parts.addresses()])
    if (this.#file.formation === null) {
      const refused = refusals()
      if (refused !== '') return not(refused)
      if (joining.refusal !== '') return not(`The broker is not admitted: ${joining.refusal}`)
      if (!this.#deps.join.includes(this.#deps.peerAddress)) {
        return not(`Waiting for a member of a cluster at ${this.#deps.join.join(', ')}.`)
      }
      return not(`The cluster is not formed; waiting for ${formation.missing.join(', ') || 'its members'}.`)
    }
    if (machine.unreadable !== null) return not(machine.unreadable.message)
    if (state.removed.has(this.#deps.brokerId)) return not('The broker was removed from the cluster.')
    if (directory.lookup(METADATA_GROUP).leader === NO_BROKER) {
      return not(`The metadata group has no leader. ${refusals()}`.trimEnd())
    }
    if (!registration.applied) return not('The broker has not caught up with the metadata.')
    for (const { unfit } of this.#deps.groups.all()) if (unfit) return not(`A replica does not go on. ${unfit}`)
    if (reconciler.pending > 0) return not(`${reconciler.pending} replicas are not opened yet.`)
    return { ready: true, reason: describeStandings(this.#deps.groups.all()) }
  }
}

function isEmpty(some: Iterable<unknown>): boolean {
  for (const _ of some) return false
  return true
}
