import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { AdminApi, AdminService } from '../api/admin-api.ts'
import type { BrokerApi } from '../api/broker-api.ts'
import type { BrokerCondition, Condition } from '../api/condition.ts'
import type { ConsumerGroupsService } from '../api/consumer-groups-api.ts'
import type { SecurityApi, SecurityService } from '../api/security-api.ts'
import type { StreamsService } from '../api/streams-api.ts'
import type { Coordinators } from '../consumer-groups/coordinator/coordinators.ts'
import { damagedFile } from '../log/recovery/damaged-file.ts'
import type { PeerHandlers, PeerIdentity } from '../partition/peers.ts'
import type { SecurityTables } from '../security/security-tables.ts'
import type { StreamLeaders } from '../streams/leader/stream-leaders.ts'
import type { BalanceTally } from './balance/balance-metrics.ts'
import type { BrokerParts } from './broker-parts.ts'
import { createParts } from './broker-parts.ts'
import { IdentityFile } from './formation/identity-file.ts'
import type { Welcome } from './formation/joining.ts'
import { LivesFile } from './formation/lives-file.ts'
import { Witness } from './formation/witness.ts'
import { askConditions, conditionOf, standingsOf } from './members/conditions.ts'
import type { BrokerRegistration } from './metadata/commands/command.ts'
import { outOfRange, supports } from './metadata/feature-levels.ts'
import type { FormationRecord } from './metadata/formation-record.ts'
import { clusterSecret } from './metadata/formation-record.ts'
import type { TopicPlace } from './metadata/metadata-model.ts'
import { loadMetadata } from './metadata/store/metadata-store.ts'
import { checkStoredSizes } from './metadata/store/stored-sizes.ts'
import { MetadataEffects } from './metadata-effects.ts'
import type { ClusterNodeDeps } from './node-deps.ts'
import { composePeerHandlers } from './peer-handlers.ts'
import { freshness, not, readinessOf } from './readiness.ts'
import type { ClusterRules } from './requests/asked-for.ts'
import { checkedPeers } from './requests/checked-peers.ts'
import { createBrokerApi, knownBrokers } from './routing/broker-facade.ts'

export type { ClusterNodeDeps, DiallingPeers, GroupsWithPeers } from './node-deps.ts'

export interface ClusterNode {
  readonly api: BrokerApi
  readonly admin: AdminApi & AdminService
  readonly security: SecurityApi & SecurityService
  readonly consumerGroups: ConsumerGroupsService
  /** The consumer groups that this broker coordinates. */
  readonly coordinators: Pick<Coordinators, 'figures' | 'lags'>
  readonly streams: StreamsService
  /** The durable streams that this broker leads. */
  readonly streamLeaders: Pick<StreamLeaders, 'figures'>
  /** What this broker does for an even spread, while it leads the metadata group. */
  readonly balance: BalanceTally
  /** As this broker knows them, with the part that decides by them. */
  readonly rules: ClusterRules
  /** Credentials and rules: one object, always up to date. */
  readonly tables: SecurityTables
  /** The partition of each group, always up to date. */
  readonly places: ReadonlyMap<GroupId, TopicPlace>
  /** Of the cluster, as far as this broker knows. */
  readonly featureLevel: number
  readonly handlers: PeerHandlers
  /** Of this broker, now. */
  condition(): Condition
  /** Of the other brokers of level 0, which are asked for it. Never rejects. */
  conditionsOfOthers(): Promise<readonly BrokerCondition[]>
  /** The identity of this broker for peers now; after `start`. */
  identity(): PeerIdentity
  /**
   * Before Peers starts. Joining the cluster goes on in the background; `api.readiness()` shows it.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH, INVALID_SETTING, STORAGE_CORRUPT, NEWER_FORMAT,
   * FEATURE_LEVEL_UNSUPPORTED
   */
  start(): Promise<void>
  /** Before Groups and the store are closed. */
  close(): Promise<void>
}

/** How long the first metadata leader waits until the others can vote, so that its first election does not fail. */
const SHARED_MS = 500
const OPEN_RETRY_MS = 1000

/** A broker as a member of its cluster. */
export function createClusterNode(deps: ClusterNodeDeps): ClusterNode {
  return new BrokerNode(deps)
}

class BrokerNode implements ClusterNode {
  readonly api: BrokerApi
  readonly admin: AdminApi & AdminService
  readonly security: SecurityApi & SecurityService
  readonly consumerGroups: ConsumerGroupsService
  readonly coordinators: ClusterNode['coordinators']
  readonly streams: StreamsService
  readonly streamLeaders: ClusterNode['streamLeaders']
  readonly balance: BalanceTally
  readonly rules: ClusterRules
  readonly tables: SecurityTables
  readonly places: ReadonlyMap<GroupId, TopicPlace>
  readonly handlers: PeerHandlers
  readonly #deps: ClusterNodeDeps
  readonly #file: IdentityFile
  readonly #parts: BrokerParts
  readonly #witness: Witness
  readonly #effects: MetadataEffects
  readonly #voting = Promise.withResolvers<void>()
  #closed = false

  constructor(deps: ClusterNodeDeps) {
    this.#deps = deps
    this.#file = new IdentityFile(deps.disk, deps.dataFolder, deps.brokerId)
    this.#parts = createParts(deps, this.#file, {
      applied: (applied) => this.#effects.applied(applied),
      restored: () => this.#effects.restored(),
      formed: (record) => void this.#becomeMember(record),
      whenVoting: () => this.#voting.promise,
      welcomed: (welcome) => this.#welcomed(welcome),
      leadershipChanged: (group) => this.#effects.leadershipChanged(group),
      removed: (group) => this.#effects.replicaRemoved(group),
      describeSelf: () => this.#describeSelf(),
    })
    this.#effects = new MetadataEffects(deps, this.#parts)
    this.#parts.state.freshness = () => freshness(this.#parts)
    this.admin = this.#parts.admin
    this.security = this.#parts.security
    this.consumerGroups = this.#parts.consumerGroups
    this.coordinators = this.#parts.coordinators
    this.streams = this.#parts.streams
    this.streamLeaders = this.#parts.streamLeaders
    this.balance = this.#parts.balancer
    this.rules = this.#parts
    this.tables = this.#parts.state.security
    this.places = this.#parts.state.places
    this.api = createBrokerApi({
      ...this.#parts,
      brokerId: deps.brokerId,
      peers: deps.peers,
      listeners: this.#effects.listeners,
      formation: () => this.#file.formation,
      readiness: () =>
        this.#closed ? not('The broker is shutting down.') : readinessOf(deps, this.#parts, this.#file),
    })
    this.#witness = new Witness({
      ...deps,
      file: new LivesFile(deps.disk, deps.dataFolder),
      directoryId: () => this.#file.directoryId,
    })
    this.handlers = composePeerHandlers({
      ...this.#parts,
      groups: deps.groups,
      witness: this.#witness,
      condition: () => this.condition(),
    })
  }

  get featureLevel(): number {
    return this.#parts.state.head.featureLevel
  }

  condition(): Condition {
    const { storage, groups } = this.#deps
    return conditionOf(storage, this.api.readiness(), standingsOf(groups.all()))
  }

  conditionsOfOthers(): Promise<readonly BrokerCondition[]> {
    const { brokerId, peers } = this.#deps
    const others = knownBrokers(this.#file.formation, this.#parts.state).filter((id) => id !== brokerId)
    return askConditions(others, checkedPeers(peers))
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
    this.#effects.dial(this.#parts.addresses())
    reconciler.start()
    await this.#openMetadata(record, { preferred: false, isNew: false })
    this.#voting.resolve()
    void registration.run()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#voting.resolve()
    this.#effects.close()
    const { formation, joining, registration, reconciler, controller, leaderReturn, members } = this.#parts
    const { balancer, firstLevel, forcedLeader, expiredTokens } = this.#parts
    const parts = [formation, joining, registration, reconciler, controller, leaderReturn, members]
    for (const part of [...parts, balancer, firstLevel, forcedLeader, expiredTokens]) part.close()
    this.#parts.publisher.close()
    this.#parts.directory.close()
    await this.#parts.coordinators.close()
    await this.#parts.streamLeaders.close()
    await this.#parts.writer.close()
  }

  /** This broker has just become a member of a cluster, and has that on its disk. */
  async #becomeMember(record: FormationRecord): Promise<void> {
    const { brokerId, clock, logger } = this.#deps
    this.#deps.groups.sealTokens(clusterSecret(record))
    const preferred = this.#file.admission === 0 && record.voters[0]!.id === brokerId
    // Nobody waits for the one that waits for all others.
    if (preferred) this.#voting.resolve()
    if (preferred) await this.#parts.formation.whenShared(SHARED_MS)
    try {
      if (this.#closed) return
      await this.#openMetadata(record, { preferred, isNew: true })
    } catch (error) {
      logger.error({ err: error }, 'cannot open the metadata group; trying again')
      clock.after(OPEN_RETRY_MS, () => void this.#becomeMember(record))
      return
    } finally {
      this.#voting.resolve()
    }
    await this.#parts.registration.run()
  }

  async #welcomed({ record, admission, addresses }: Welcome): Promise<void> {
    await this.#parts.formation.welcomed(record, admission)
    this.#effects.dial(addresses)
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

  /**
   * The brokers to ask for entries that the replica may have acknowledged: the voters by its own log; without one, all
   * brokers.
   */
  #metadataMembers(founders: readonly BrokerId[]): readonly BrokerId[] {
    const { joined, removed } = this.#parts.state
    const { voters = [], outgoing = [] } = this.#deps.groups.get(METADATA_GROUP)?.configuration ?? {}
    const members = voters.length > 0 ? [...voters, ...outgoing] : [...founders, ...joined.keys()]
    return members.filter((id) => !removed.has(id))
  }

  #describeSelf(): BrokerRegistration {
    const { brokerId, http, peerAddress, pid, incarnation, rack = '' } = this.#deps
    const { lowest, highest } = this.#parts.levels
    return {
      id: brokerId,
      http,
      peer: peerAddress,
      pid,
      incarnation,
      directoryId: this.#file.directoryId,
      levels: { lowest, highest },
      ...(rack !== '' && { rack }),
    }
  }
}

function isEmpty(some: Iterable<unknown>): boolean {
  for (const _ of some) return false
  return true
}
