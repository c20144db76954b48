import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log/types.ts'
import type { GroupRequests, PeerHandlers, PeerIdentity, Peers } from '../partition/peers.ts'
import type { Groups } from '../partition/types.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { BrokerApi } from './broker-api.ts'
import { createBrokerApi, knownBrokers } from './broker-facade.ts'
import type { BrokerRegistration } from './command.ts'
import { Formation } from './formation.ts'
import type { FormationRecord } from './formation-record.ts'
import { IdentityFile } from './identity-file.ts'
import { LeaderDirectory } from './leader-directory.ts'
import { MetadataClient } from './metadata-client.ts'
import { MetadataLeader } from './metadata-leader.ts'
import { MetadataMachine } from './metadata-machine.ts'
import type { Applied } from './metadata-state.ts'
import { MetadataState } from './metadata-state.ts'
import { loadMetadata, MetadataWriter } from './metadata-store.ts'
import { PartitionStatus } from './partition-status.ts'
import { composePeerHandlers } from './peer-handlers.ts'
import { ProducerIds } from './producer-ids.ts'
import { Publisher } from './publisher.ts'
import { Reader } from './reader.ts'
import { Reconciler } from './reconciler.ts'
import { Registration } from './registration.ts'
import { Topics } from './topics.ts'

/** All groups of this broker, with the entry for what peers send. */
export type GroupsWithPeers = Groups & GroupRequests & Pick<PeerHandlers, 'link'> & { receive: PeerHandlers['raft'] }

export interface ClusterNodeDeps {
  readonly brokerId: BrokerId
  /** host:port that clients are told. */
  readonly http: string
  /** host:port that other brokers are told; must be one of `join`. */
  readonly peerAddress: string
  readonly join: readonly string[]
  readonly pid: number
  /** New at each start. */
  readonly incarnation: string
  readonly dataFolder: string
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly store: StateStore
  readonly groups: GroupsWithPeers
  readonly peers: Peers
  readonly logger: Logger
  /** For topics that do not say. */
  readonly maxBatchBytes: number
  /** The most that a topic may ask for. */
  readonly largestMaxBatchBytes: number
}

export interface ClusterNode {
  readonly api: BrokerApi
  readonly handlers: PeerHandlers
  /** What this broker says of itself to peers now; after `start`. */
  identity(): PeerIdentity
  /**
   * Before Peers starts. Joining the cluster goes on in the background; `api.readiness()` tells.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH, INVALID_SETTING, STORAGE_CORRUPT
   */
  start(): Promise<void>
  /** Before Groups and the store are closed. */
  close(): Promise<void>
}

const PRODUCER_BLOCK_MS = 10_000
/** How long the first metadata leader waits for the others to be there, so that its first election is not in vain. */
const SHARED_MS = 500
const OPEN_RETRY_MS = 1000

/** A broker as a member of its cluster. */
export function createClusterNode(deps: ClusterNodeDeps): ClusterNode {
  return new BrokerNode(deps)
}

class BrokerNode implements ClusterNode {
  readonly api: BrokerApi
  readonly handlers: PeerHandlers
  readonly #deps: ClusterNodeDeps
  readonly #file: IdentityFile
  readonly #state = new MetadataState()
  readonly #writer: MetadataWriter
  readonly #machine: MetadataMachine
  readonly #formation: Formation
  readonly #directory: LeaderDirectory
  readonly #leader: MetadataLeader
  readonly #publisher: Publisher
  readonly #status: PartitionStatus
  readonly #reconciler: Reconciler
  readonly #registration: Registration
  readonly #listeners = new Set<(topic: string, partition: PartitionNumber) => void>()
  #closed = false

  constructor(deps: ClusterNodeDeps) {
    this.#deps = deps
    const { brokerId, clock, random, logger, groups, peers } = deps
    const state = this.#state
    const brokers = (): BrokerId[] => knownBrokers(this.#file.formation, state)
    this.#file = new IdentityFile(deps.disk, deps.dataFolder, brokerId)
    this.#writer = new MetadataWriter(deps.store, clock, logger)
    this.#machine = new MetadataMachine(state, brokerId, this.#writer, (applied) => this.#applied(applied))
    this.#directory = new LeaderDirectory({
      brokerId,
      clock,
      connected: (peer) => peers.connected(peer),
      announce: (leaders) => peers.announceLeaders(leaders),
      mayExist: (group) => state.mayExist(group),
      onChange: (group) => this.#leadershipChanged(group),
    })
    const directory = this.#directory
    this.#formation = new Formation({
      ...deps,
      file: this.#file,
      onFormed: (record) => void this.#becomeMember(record),
    })
    this.#reconciler = new Reconciler({
      ...deps,
      onProgress: () => directory.touch(),
      onRemoved: (group) => this.#writer.removed(group),
    })
    this.#leader = new MetadataLeader({ groups, clock, state, brokers })
    const client = new MetadataClient({ self: brokerId, leader: this.#leader, directory, peers, clock, random })
    this.#registration = new Registration(() => this.#describeSelf(), { state, client, clock, logger })
    this.#publisher = new Publisher({ brokerId, state, groups, directory, peers, clock })
    this.#status = new PartitionStatus({ brokerId, groups, directory, peers })
    const reader = new Reader({ brokerId, state, groups, directory, peers, clock })
    const limits = { maxBatchBytes: deps.largestMaxBatchBytes }
    const topics = new Topics({ state, client, directory, status: this.#status, random, limits, brokers })
    const producerIds = new ProducerIds(async (count) => {
      const command = { type: 'allocate-producer-ids', broker: brokerId, count } as const
      return (await client.submit(command, PRODUCER_BLOCK_MS)).first!
    })
    this.api = createBrokerApi({
      ...{ brokerId, state, directory, peers, publisher: this.#publisher, reader, topics, producerIds },
      formation: () => this.#file.formation,
      readiness: () => this.#readiness(),
      listeners: this.#listeners,
    })
    this.handlers = composePeerHandlers({
      ...{ groups, formation: this.#formation, directory, reader, producerIds },
      ...{ publisher: this.#publisher, status: this.#status, leader: this.#leader },
    })
  }

  identity(): PeerIdentity {
    const { brokerId, incarnation, peerAddress, http } = this.#deps
    const { directoryId, formation } = this.#file
    const clusterId = formation?.clusterId ?? ''
    return { brokerId, directoryId, incarnation, clusterId, peer: peerAddress, http, formed: formation !== null }
  }

  async start(): Promise<void> {
    const { join, peerAddress, groups, store, random, dataFolder } = this.#deps
    if (!join.includes(peerAddress)) {
      throw new TailraceError(
        'INVALID_SETTING',
        `--join ${join.join(',')} lacks this broker's own address ${peerAddress}.`,
      )
    }
    const fresh = await this.#file.load(random)
    const removals = await loadMetadata(store, this.#state)
    if (fresh && this.#machine.appliedIndex > 0) {
      throw new TailraceError(
        'STORAGE_CORRUPT',
        `${dataFolder} holds a broker's data, but its identity.json is missing.`,
      )
    }
    groups.onLeadership = (group, term, leader) => this.#directory.own(group, term, leader)
    for (const group of removals) this.#reconciler.removeGroup(group)
    for (const topic of this.#state.topics.values()) this.#reconciler.open(topic, false)
    const { formation } = this.#file
    if (formation === null) return this.#formation.tryToForm()
    await this.#openMetadata(formation, false)
    void this.#registration.run()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#formation.close()
    this.#registration.close()
    this.#reconciler.close()
    this.#publisher.close()
    this.#directory.close()
    await this.#writer.close()
  }

  /** The cluster has just been formed, and this broker has that on its disk. */
  async #becomeMember(record: FormationRecord): Promise<void> {
    const { brokerId, clock, logger } = this.#deps
    const preferred = record.voters[0]!.id === brokerId
    if (preferred) await this.#formation.whenShared(SHARED_MS)
    try {
      if (this.#closed) return
      await this.#openMetadata(record, preferred)
    } catch (error) {
      logger.error({ error }, 'cannot open the metadata group; trying again')
      clock.after(OPEN_RETRY_MS, () => void this.#becomeMember(record))
      return
    }
    await this.#registration.run()
  }

  async #openMetadata(record: FormationRecord, preferred: boolean): Promise<void> {
    const voters = record.voters.map((voter) => voter.id)
    const { groups, maxBatchBytes } = this.#deps
    await groups.open({ group: METADATA_GROUP, voters, maxBatchBytes, preferred, stateMachine: this.#machine })
    this.#directory.touch()
  }

  #applied(applied: Applied): void {
    const { created, deleted } = applied
    if (created !== undefined) this.#reconciler.open(created, true)
    if (deleted !== undefined) {
      this.#reconciler.remove(deleted)
      for (const { group } of deleted.partitions) {
        this.#directory.forget(group)
        this.#publisher.forget(group)
        this.#status.forget(group)
      }
    }
    this.#leader.applied(applied)
    this.#directory.touch()
  }

  #leadershipChanged(group: GroupId): void {
    this.#publisher.leadershipChanged(group)
    const place = this.#state.places.get(group)
    if (place === undefined) return
    for (const listener of this.#listeners) {
      try {
        listener(place.topic.name, place.partition)
      } catch (error) {
        this.#deps.logger.error({ error }, 'a listener for leaderships has failed')
      }
    }
  }

  #describeSelf(): BrokerRegistration {
    const { brokerId, http, peerAddress, pid, incarnation } = this.#deps
    return { id: brokerId, http, peer: peerAddress, pid, incarnation, directoryId: this.#file.directoryId }
  }

  #readiness(): { ready: boolean; reason: string } {
    const not = (reason: string): { ready: boolean; reason: string } => ({ ready: false, reason })
    if (this.#closed) return not('The broker is shutting down.')
    if (this.#file.formation === null) {
      const { missing } = this.#formation
      return not(`The cluster is not formed; waiting for ${missing.join(', ') || 'its members'}.`)
    }
    if (this.#directory.lookup(METADATA_GROUP).leader === NO_BROKER) return not('The metadata group has no leader.')
    if (!this.#registration.applied) return not('The broker has not caught up with the metadata.')
    if (this.#reconciler.pending > 0) return not(`${this.#reconciler.pending} replicas are not opened yet.`)
    return { ready: true, reason: '' }
  }
}
