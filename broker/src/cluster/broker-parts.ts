import type { BrokerId, GroupId, HoldingFields, TailraceError } from '@tailrace/schemas'
import type { StreamsApi } from '../api/streams-api.ts'
import { Authorizer } from '../security/access/authorizer.ts'
import { ANONYMOUS } from '../security/identity/principal.ts'
import { StreamLeaders } from '../streams/leader/stream-leaders.ts'
import { Balancer, balancePlan } from './balance/balancer.ts'
import { askLoads, loadHere } from './balance/broker-loads.ts'
import { describeBalance } from './balance/describe-balance.ts'
import { createCoordinators, replicaMachines, subscriptionSurroundings } from './coordinator-parts.ts'
import { Formation } from './formation/formation.ts'
import type { IdentityFile } from './formation/identity-file.ts'
import { JoinRequests } from './formation/join-requests.ts'
import type { Welcome } from './formation/joining.ts'
import { Joining } from './formation/joining.ts'
import { PeerPermissions } from './formation/peer-permissions.ts'
import { Registration } from './formation/registration.ts'
import { Admin } from './members/admin.ts'
import { ClusterMembers } from './members/cluster-members.ts'
import { FirstLevel } from './members/first-level.ts'
import { ForcedLeader } from './members/forced-leader.ts'
import { GroupCalls } from './members/group-calls.ts'
import { GroupRequestAnswerer } from './members/group-requests.ts'
import { LeaderReturn } from './members/leader-return.ts'
import { ReassignmentController } from './members/reassignment-controller.ts'
import { confirmGone } from './members/removal-check.ts'
import type { BrokerRegistration } from './metadata/commands/command.ts'
import { FIRST_LEVEL, featureLevels, outOfRange, supports } from './metadata/feature-levels.ts'
import type { FormationRecord } from './metadata/formation-record.ts'
import { refusalOf } from './metadata/intents/intent-rules.ts'
import type { TopicLimits } from './metadata/intents/topic-rules.ts'
import { defaultPartitionLimits } from './metadata/intents/topic-rules.ts'
import type { Intent } from './metadata/metadata-leader.ts'
import { MetadataLeader } from './metadata/metadata-leader.ts'
import { MetadataMachine } from './metadata/metadata-machine.ts'
import type { Applied } from './metadata/metadata-state.ts'
import { MetadataState } from './metadata/metadata-state.ts'
import type { LoadFigures } from './metadata/placed-load.ts'
import { OwnedProducerIds } from './metadata/producer-ids.ts'
import { metadataSnapshots } from './metadata/store/metadata-snapshot.ts'
import { MetadataWriter } from './metadata/store/metadata-store.ts'
import type { ClusterNodeDeps } from './node-deps.ts'
import { CatchUp } from './replicas/catch-up.ts'
import { Reconciler } from './replicas/reconciler.ts'
import { answersHere } from './requests/answers-here.ts'
import { checkedPeers } from './requests/checked-peers.ts'
import { knownBrokers } from './routing/broker-facade.ts'
import { ConsumerGroups } from './routing/consumer-groups.ts'
import { LeaderDirectory } from './routing/leader-directory.ts'
import { MetadataClient } from './routing/metadata-client.ts'
import { PartitionStatus } from './routing/partition-status.ts'
import { Publisher } from './routing/publisher.ts'
import { Reader } from './routing/reader.ts'
import { Streams } from './routing/streams.ts'
import { Topics } from './routing/topics.ts'
import { WatchedEnds } from './routing/watched-ends.ts'
import { ExpiredTokens } from './security/expired-tokens.ts'
import { SecurityAdmin } from './security/security-admin.ts'

const PRODUCER_BLOCK_MS = 10_000
export const DEFAULT_LEADER_RETURN_MS = 60_000

/** Callbacks of the parts to their broker. */
export interface PartEvents {
  applied(applied: Applied): void
  restored(): void
  formed(record: FormationRecord): void
  whenVoting(): Promise<void>
  welcomed(welcome: Welcome): Promise<void>
  leadershipChanged(group: GroupId): void
  removed(group: GroupId): void
  describeSelf(): BrokerRegistration
}

type MetadataEvents = Pick<PartEvents, 'applied' | 'restored'> & {
  unreadable(error: TailraceError): void
  levelProblem(level: number): TailraceError | null
}

export type BrokerParts = ReturnType<typeof createParts>

/** All parts of a broker's cluster layer, put together. */
export function createParts(deps: ClusterNodeDeps, file: IdentityFile, events: PartEvents) {
  const { brokerId, clock, logger, groups, storage, leaderReturnMs: settleMs = DEFAULT_LEADER_RETURN_MS } = deps
  const decisions = createDecisions(deps, file, events, (): LoadFigures | null => control.balancer.figures)
  const { state, client, directory, brokers, checked, authorizer, status } = decisions
  const onFormed = (record: FormationRecord): void => events.formed(record)
  const whenVoting = (): Promise<void> => events.whenVoting()
  const formation = new Formation({ ...deps, peers: checked, file, members: state, onFormed, whenVoting })
  const permissions = new PeerPermissions({ formation, state, groups, caughtUp: () => registration.applied })
  const registration = new Registration(() => events.describeSelf(), { state, client, clock, logger })
  const members = new ClusterMembers({ groups, state, brokers, clock, logger })
  const changeMetadata = (voters: readonly BrokerId[]): Promise<void> => members.change(voters)
  const groupRequests = new GroupRequestAnswerer({ brokerId, groups, state, storage, changeMetadata })
  const here = answersHere(brokerId, groupRequests)
  const calls = new GroupCalls({ brokerId, here, directory, peers: checked, clock, state })
  const coordinators = createCoordinators(deps, { state, authorizer, status })
  const ask: StreamsApi['ask'] = (request, body) => streams.own.ask(request, body)
  const subscriptions = subscriptionSurroundings(deps, { authorizer, state })
  const streamLeaders = new StreamLeaders({ ...deps, ask, subscriptions })
  const reconciler = new Reconciler({
    brokerId,
    groups,
    state,
    clock,
    logger,
    limits: deps,
    machines: replicaMachines(coordinators, streamLeaders),
    confirmGone: (group) => confirmGone({ brokerId, groups, state, calls }, group),
    onProgress: () => directory.touch(),
    onRemoved: (group) => events.removed(group),
  })
  const isFormed = (): boolean => file.formation !== null
  const addresses = (): string[] => brokerAddresses(file.formation, state)
  const underneath = { ...decisions, calls, settleMs, members }
  const control = createControl(deps, underneath)
  const { topics } = control
  const streams = new Streams({ ...deps, state, directory, topics, streamLeaders, brokers })
  return {
    ...decisions,
    ...control,
    ...createSecurity(deps, underneath),
    coordinators,
    streamLeaders,
    streams,
    consumerGroups: new ConsumerGroups({ ...deps, state, directory, topics, coordinators, brokers }),
    formation,
    members,
    groupRequests,
    calls,
    reconciler,
    addresses,
    registration,
    permissions,
    joinRequests: new JoinRequests({ ...deps, client, addresses, formation: () => file.formation }),
    joining: new Joining({ peers: checked, clock, logger, isFormed, welcomed: (welcome) => events.welcomed(welcome) }),
  }
}

/** The metadata, the way of commands into it, and what is read of it. */
function createDecisions(
  deps: ClusterNodeDeps,
  file: IdentityFile,
  events: PartEvents,
  figures: () => LoadFigures | null,
) {
  const { brokerId, clock, random, groups, peers, storage, levels = featureLevels } = deps
  const { state, writer, machine } = createMetadata(deps, {
    applied: (applied) => events.applied(applied),
    restored: () => events.restored(),
    unreadable: (error) => leader.giveUp(error),
    levelProblem: (level) => (supports(levels, level) ? null : outOfRange(brokerId, levels, level)),
  })
  const brokers = (): BrokerId[] => knownBrokers(file.formation, state)
  const directory = createDirectory(deps, state, events)
  const checked = checkedPeers(peers)
  const alive = (id: BrokerId): boolean => id === brokerId || peers.connected(id)
  const isDraining = (id: BrokerId): boolean => state.upkeep.draining.includes(id)
  const living = (): BrokerId[] => brokers().filter((id) => state.brokers.has(id) && alive(id) && !isDraining(id))
  const limits = { ...defaultPartitionLimits, ...given(deps), maxBatchBytes: deps.largestMaxBatchBytes }
  const rules = { groups, state, brokers, living, limits, levels, formation: () => file.formation }
  const leader = new MetadataLeader({
    groups,
    clock,
    state,
    living,
    figures,
    mostReplicas: limits.maxReplicasPerBroker,
    refusal: (intent) => refusalOf(rules, intent),
    unreadable: () => machine.unreadable,
  })
  const client = new MetadataClient({ self: brokerId, state, leader, directory, peers: checked, clock, random })
  const { access = { mode: 'off', superUsers: [] } } = deps
  const authorizer = new Authorizer({ ...access, tables: () => state.security })
  const status = new PartitionStatus({ brokerId, groups, state, directory, peers: checked })
  const load = (): HoldingFields => loadHere(groups, storage)
  const loads = (asked: readonly BrokerId[]) => askLoads(asked, checked, { brokerId, load })
  const reads = { authorizer, status, brokers, alive, limits, checked, load, loads }
  return { state, writer, machine, leader, client, directory, levels, ...reads }
}

function createDirectory(
  { brokerId, clock, logger, peers }: ClusterNodeDeps,
  state: MetadataState,
  events: PartEvents,
): LeaderDirectory {
  return new LeaderDirectory({
    brokerId,
    clock,
    logger,
    connected: (peer) => peers.connected(peer),
    announce: (leaders) => peers.announceLeaders(leaders),
    mayExist: (group) => state.mayExist(group),
    onChange: (group) => events.leadershipChanged(group),
  })
}

/** The dependencies of the parts that serve clients and operators. */
interface Underneath {
  readonly authorizer: Authorizer
  readonly state: MetadataState
  readonly client: MetadataClient
  readonly directory: LeaderDirectory
  readonly calls: GroupCalls
  readonly status: PartitionStatus
  readonly limits: TopicLimits & { readonly maxBatchBytes: number }
  readonly settleMs: number
  readonly members: ClusterMembers
  readonly loads: (brokers: readonly BrokerId[]) => Promise<ReadonlyMap<BrokerId, HoldingFields>>
  alive(id: BrokerId): boolean
  brokers(): BrokerId[]
}

/** The parts that carry out the requests of clients, operators and the metadata. */
function createControl(deps: ClusterNodeDeps, underneath: Underneath) {
  const { brokerId, groups, peers, clock, random, logger, createPlan = balancePlan } = deps
  const { balanceMs = 0, replaceAfterMs = 0 } = deps
  const { state, client, directory, calls, alive, status, brokers, limits, settleMs, loads } = underneath
  const changeVoters = (voters: readonly BrokerId[]): Promise<void> => underneath.members.change(voters)
  const seen = { state, brokers, alive, loads, clock, mostReplicas: limits.maxReplicasPerBroker }
  const moving = { groups, client, changeVoters, logger, balanceMs, replaceAfterMs, createPlan }
  const balance = () => describeBalance(seen)
  const topics = new Topics({ state, client, directory, status, random, limits, brokers })
  return {
    controller: new ReassignmentController({ groups, state, calls, client, clock, logger }),
    balancer: new Balancer({ ...seen, brokerId, ...moving }),
    leaderReturn: new LeaderReturn({ groups, state, calls, alive, clock, logger, settleMs }),
    firstLevel: new FirstLevel({ brokerId, groups, state, client, brokers, clock, logger }),
    forcedLeader: new ForcedLeader({ brokerId, groups, state, clock, logger }),
    catchUp: new CatchUp({ brokerId, groups, state, directory, connected: alive, clock, logger }),
    publisher: new Publisher({ brokerId, state, groups, directory, peers, clock }),
    watched: new WatchedEnds({ groups, clock }),
    reader: new Reader({ brokerId, state, groups, directory, peers, clock }),
    topics,
    producerIds: new OwnedProducerIds(async (principal, count) => {
      // Before the second level ids have no owners.
      const isOwned = principal !== ANONYMOUS && state.head.featureLevel > FIRST_LEVEL.highest
      const common = { broker: brokerId, count }
      const command: Intent = isOwned
        ? { type: 'allocate-owned-ids', ...common, principal }
        : { type: 'allocate-producer-ids', ...common }
      return (await client.submit(command, PRODUCER_BLOCK_MS)).first!
    }),
    admin: new Admin({ brokerId, groups, state, client, calls, topics, directory, clock, limits, brokers, balance }),
  }
}

/** The parts for credentials and rules. */
function createSecurity(deps: ClusterNodeDeps, { state, client, directory, authorizer }: Underneath) {
  return {
    authorizer,
    security: new SecurityAdmin({ ...deps, state, client, directory, authorizer }),
    expiredTokens: new ExpiredTokens({ ...deps, state, client }),
  }
}

function given({ maxPartitionsPerTopic, maxReplicasPerBroker }: ClusterNodeDeps): Partial<TopicLimits> {
  return {
    ...(maxPartitionsPerTopic === undefined ? {} : { maxPartitionsPerTopic }),
    ...(maxReplicasPerBroker === undefined ? {} : { maxReplicasPerBroker }),
  }
}

/** The state of group 0, and the parts that apply and store it. */
function createMetadata({ store, clock, logger }: ClusterNodeDeps, events: MetadataEvents) {
  const state = new MetadataState()
  const writer = new MetadataWriter(store, clock, logger)
  const onRestored = (): void => {
    machine.restored()
    events.restored()
  }
  const snapshots = metadataSnapshots({ store, state, writer, onRestored })
  const onUnreadable = (error: TailraceError): void => {
    logger.error({ err: error }, 'this broker cannot go on applying the metadata')
    events.unreadable(error)
  }
  const levelProblem = (): TailraceError | null => events.levelProblem(state.head.featureLevel)
  const onApplied = (applied: Applied): void => events.applied(applied)
  const machine = new MetadataMachine({ state, writer, snapshots, onApplied, onUnreadable, levelProblem })
  return { state, writer, machine }
}

/**
 * The address of each broker of the cluster: the one that it registered last, else the one with which it was admitted.
 */
export function brokerAddresses(formation: FormationRecord | null, state: MetadataState): string[] {
  const addresses = new Map<BrokerId, string>()
  for (const { id, peer } of formation?.voters ?? []) if (!state.removed.has(id)) addresses.set(id, peer)
  for (const { id, peer } of state.joined.values()) addresses.set(id, peer)
  for (const { id, peer } of state.brokers.values()) addresses.set(id, peer)
  return [...addresses.values()]
}
