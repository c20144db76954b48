import type { AskerFields, BrokerId, GroupId, Offset } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type {
  AdminApi,
  AdminService,
  AuditRecord,
  ForcedMembers,
  GroupDescription,
  GroupTarget,
  MembersDescription,
  MovesDescription,
  PartitionTarget,
  TopicChanges,
} from '../../api/admin-api.ts'
import type { Asker, TopicConfig, TopicSummary } from '../../api/broker-api.ts'
import type { BalanceDescription } from '../../api/upkeep-api.ts'
import type { Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { FIRST_LEVEL, notSupportedBy } from '../metadata/feature-levels.ts'
import type { TopicLimits } from '../metadata/intents/topic-rules.ts'
import { checkChanges } from '../metadata/intents/topic-rules.ts'
import type { Intent } from '../metadata/metadata-leader.ts'
import type { MetadataState, Topic } from '../metadata/metadata-state.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import { partitionOf, requireTopic } from '../metadata/required-topic.ts'
import type { LeaderDirectory } from '../routing/leader-directory.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import type { Topics } from '../routing/topics.ts'
import { examine } from './forced-members-survey.ts'
import type { GroupCalls } from './group-calls.ts'
import { groupPage, membersPage, withCopies } from './group-descriptions.ts'
import type { GroupReport } from './group-requests.ts'
import { describeLeaderless } from './leaderless-description.ts'
import { movesOf } from './moves.ts'

const COMMAND_MS = 10_000
const LEADER_MS = 5000
const REPLICA_MS = 2000
const CHANGE_MS = 30_000
const DELETION_MS = 10_000
/** A snapshot writes out a whole state. */
const SNAPSHOT_MS = 60_000

export interface AdminDeps {
  readonly brokerId: BrokerId
  readonly groups: Groups
  readonly state: MetadataState
  readonly client: MetadataClient
  readonly calls: GroupCalls
  readonly topics: Topics
  readonly directory: LeaderDirectory
  readonly clock: Clock
  readonly limits: TopicLimits
  /** All brokers of the cluster. */
  readonly brokers: () => readonly BrokerId[]
  readonly balance: () => Promise<BalanceDescription>
}

interface Found {
  readonly group: GroupId
  readonly partition: TopicPartition | null
  readonly topic: Topic | null
}

/** The actions of an operator; see AdminApi for each method. */
export class Admin implements AdminApi, AdminService {
  readonly #deps: AdminDeps
  /** The client for which it acts; null: the broker itself. */
  readonly #asker: Asker | null

  constructor(deps: AdminDeps, asker: Asker | null = null) {
    this.#deps = deps
    this.#asker = asker
  }

  get own(): Admin {
    return new Admin(this.#deps)
  }

  for(asker: Asker): Admin {
    return new Admin(this.#deps, asker)
  }

  async members(target: GroupTarget): Promise<MembersDescription> {
    const { group, partition } = this.#find(target)
    const led = await this.#ledReport(group, false)
    if (led === null) return this.#describeLeaderless(group, partition, false)
    const page = membersPage(led, partition)
    const late = page.members.filter(({ state }) => state === 'snapshot').map(({ broker }) => broker)
    return withCopies(page, await this.#reportsOf(group, late))
  }

  async changeMembers(target: GroupTarget, replicas: readonly BrokerId[]): Promise<void> {
    const { topic } = this.#find(target)
    this.#checkBrokers(replicas)
    if (target.kind === 'metadata' || topic === null) {
      await this.#deps.calls.atLeader('ChangeMetadataVoters', this.#asked({ voters: [...replicas] }), CHANGE_MS)
      return
    }
    const { partition } = target
    await this.#submit({ type: 'assign-replicas', topicId: topic.id, partition, replicas })
  }

  async cancelChange(target: GroupTarget): Promise<void> {
    const { group, topic, partition } = this.#find(target)
    if (target.kind === 'metadata' || topic === null) {
      await this.#deps.calls.atLeader('CancelChange', this.#asked({ group }), LEADER_MS)
      return
    }
    if (partition?.change === undefined) throw new TailraceError('CHANGE_FAILED', 'There is no change to cancel.')
    const { status } = await this.#report(group, false)
    if (status.change.stage === 'joint' || status.change.stage === 'leaving') {
      throw new TailraceError('CHANGE_FAILED', 'It is too late to cancel it.')
    }
    await this.#submit({ type: 'cancel-change', topicId: topic.id, partition: target.partition })
  }

  async transferLeadership(target: GroupTarget, to: BrokerId): Promise<{ leader: BrokerId }> {
    const { group, partition } = this.#find(target)
    if (to !== 0 && partition !== null && !partition.replicas.includes(to)) {
      throw new TailraceError('INVALID_MEMBERS', `Broker ${to} has no replica of it.`)
    }
    const { calls } = this.#deps
    const { leader } = await calls.atLeader('TransferLeadership', this.#asked({ group, to }), LEADER_MS)
    // If this message is lost, the leadership may return to the preferred replica, which does no harm.
    if (to !== 0 && partition !== null) {
      await calls.at(to, 'KeepLeadership', this.#asked({ group }), LEADER_MS).catch(() => {})
    }
    return { leader }
  }

  async forceMembers(
    target: GroupTarget,
    request: { readonly members: readonly BrokerId[]; readonly acceptDataLoss: boolean; readonly by: string },
  ): Promise<ForcedMembers> {
    if (!request.acceptDataLoss) throw new TailraceError('DATA_LOSS_NOT_ACCEPTED')
    this.#checkBrokers(request.members)
    const found = this.#find(target)
    if (target.kind === 'metadata') await this.#forceCluster(request)
    else await this.#forcePartition(target.partition, found, request)
    const { status } = await this.#report(found.group, false)
    return { term: status.term, lastIndex: status.lastIndex, highWatermark: status.highWatermark }
  }

  async snapshot(
    target: GroupTarget,
    { broker, thenFetch }: { readonly broker: BrokerId; readonly thenFetch: boolean },
  ): Promise<{ index: number; bytes: number }> {
    const { group } = this.#find(target)
    const { calls } = this.#deps
    const { index, term, bytes } = await calls.at(broker, 'TakeSnapshot', this.#asked({ group }), SNAPSHOT_MS)
    const offer = this.#asked({ group, source: broker, index, term })
    if (thenFetch) await calls.atLeader('OfferSnapshot', offer, LEADER_MS)
    return { index, bytes }
  }

  async setPriority(target: GroupTarget, { broker, factor }: { broker: BrokerId; factor: number }): Promise<void> {
    const { group } = this.#find(target)
    this.#checkBrokers([broker])
    if (!Number.isSafeInteger(factor) || factor < 1 || factor > 10) {
      throw new TailraceError('INVALID_SETTING', `The factor is an integer from 1 to 10, not ${factor}.`)
    }
    await this.#submit({ type: 'set-priority', group, broker, factor })
  }

  async describeGroup(target: GroupTarget): Promise<GroupDescription> {
    const { group, partition, topic } = this.#find(target)
    const readOnly = topic?.config.readOnly ?? false
    const led = await this.#ledReport(group, true)
    if (led === null) return this.#describeLeaderless(group, partition, readOnly)
    const { voters, outgoing, learners } = led.status.configuration
    const others = [...new Set([...voters, ...outgoing, ...learners])].filter((id) => id !== led.broker)
    const replicas = [led, ...(await this.#reportsOf(group, others))].sort((a, b) => a.broker - b.broker)
    return groupPage(led, replicas, partition, readOnly)
  }

  async #describeLeaderless(
    group: GroupId,
    partition: TopicPartition | null,
    readOnly: boolean,
  ): Promise<GroupDescription> {
    const members =
      partition === null ? this.#deps.brokers() : [...partition.replicas, ...(partition.change?.replicas ?? [])]
    const replicas = await this.#reportsOf(group, [...new Set(members)])
    if (replicas.length === 0) throw new TailraceError('LEADER_UNAVAILABLE', 'None of its replicas answers.')
    return describeLeaderless(
      replicas.sort((a, b) => a.broker - b.broker),
      partition,
      readOnly,
    )
  }

  async alterTopic(name: string, changes: TopicChanges, topicId = ''): Promise<TopicConfig> {
    const { state, limits } = this.#deps
    requireTopic(state, name, topicId)
    checkChanges(changes, limits)
    await this.#submit({ type: 'set-topic-config', name, topicId, changes })
    return requireTopic(state, name, topicId).config
  }

  addPartitions(name: string, partitions: number, topicId?: string): Promise<TopicSummary> {
    return this.#deps.topics.addPartitions(name, partitions, topicId, this.#asker ?? undefined)
  }

  async deleteRecords(target: PartitionTarget, before: Offset): Promise<{ logStart: Offset }> {
    const { group } = this.#find(target)
    const { calls } = this.#deps
    const { logStart } = await calls.atLeader('DeleteRecords', this.#asked({ group, before }), DELETION_MS)
    // Done twice it does no harm: a client that repeats the request after an error here completes it.
    const deleted = before === -1 ? logStart : Math.min(before, logStart)
    await this.#submit({ type: 'records-deleted', group, before: deleted })
    return { logStart }
  }

  async removeBroker(broker: BrokerId, by = ''): Promise<void> {
    await this.#submit({ type: 'remove-broker', removed: broker, ...this.#request(by) })
  }

  balance(): Promise<BalanceDescription> {
    return this.#deps.balance()
  }

  async setBalancing(balancing: boolean, by = ''): Promise<void> {
    await this.#submit({ type: 'set-balancing', balancing, ...this.#request(by) })
  }

  async setDraining(broker: BrokerId, draining: boolean, by = ''): Promise<void> {
    await this.#submit({ type: 'set-draining', drained: broker, draining, ...this.#request(by) })
  }

  async raiseFeatureLevel({
    level,
    by,
    cascades,
  }: Parameters<AdminApi['raiseFeatureLevel']>[0]): Promise<{ level: number }> {
    const { brokers, state } = this.#deps
    const all = [...brokers().map((broker) => ({ broker, range: state.brokers.get(broker)?.levels })), ...cascades]
    const highest = Math.min(...all.map(({ range = FIRST_LEVEL }) => range.highest))
    const wanted = level ?? Math.max(state.head.featureLevel, highest)
    const behind = notSupportedBy(wanted, all)
    if (behind !== null) throw new TailraceError('FEATURE_LEVEL_UNSUPPORTED', behind)
    await this.#submit({ type: 'set-feature-level', level: wanted, ...this.#request(by) })
    return { level: wanted }
  }

  moves(): Promise<MovesDescription> {
    return movesOf(this.#deps.state, this.#deps.clock, (target) => this.members(target))
  }

  async audit(): Promise<readonly AuditRecord[]> {
    return this.#deps.state.audit.toReversed()
  }

  /**
   * In the metadata first: before a new leader relies on it, messages of the lost brokers are not taken any more, and
   * the decision is on record.
   */
  async #forcePartition(
    partition: number,
    { group, partition: present, topic }: Found,
    { members, by }: { readonly members: readonly BrokerId[]; readonly by: string },
  ): Promise<void> {
    const { brokerId, calls, client, clock, state, directory } = this.#deps
    const candidates = [...present!.replicas, ...(present!.change?.replicas ?? [])]
    const { leader, lost, term } = await examine(calls, group, candidates, members)
    const request = { at: clock.now(), broker: brokerId, by }
    const command = {
      type: 'force-replicas',
      topicId: topic!.id,
      partition,
      members,
      leader,
      lost,
      term,
      ...request,
    } as const
    const { index } = await client.submit(command, COMMAND_MS, this.#asker ?? undefined)
    const ended = (): boolean => {
      const now = state.partitionOf(group)
      return now === undefined || now.lastChange?.change === index || (now.lastChange?.change ?? 0) > index!
    }
    if (!(await directory.until(ended, CHANGE_MS))) throw new TailraceError('OUTCOME_UNKNOWN', 'It goes on.')
  }

  /**
   * On this broker, whose replica leads afterwards: no other broker may be able to decide. The record follows as soon
   * as it can be written.
   */
  async #forceCluster({ members, by }: { readonly members: readonly BrokerId[]; readonly by: string }): Promise<void> {
    const { brokerId, brokers, calls, client, clock, groups } = this.#deps
    if (!members.includes(brokerId)) {
      throw new TailraceError(
        'INVALID_MEMBERS',
        `Ask one of them: broker ${brokerId} is not among ${members.join(',')}.`,
      )
    }
    const { leader, term } = await examine(calls, METADATA_GROUP, brokers(), members)
    if (leader !== brokerId) {
      throw new TailraceError('INVALID_MEMBERS', `Ask broker ${leader}: of these it has the newest metadata.`)
    }
    await groups.get(METADATA_GROUP)!.forceMembers(members, term)
    const command = { type: 'forced-cluster', members, at: clock.now(), broker: brokerId, by } as const
    await client.submit(command, COMMAND_MS, this.#asker ?? undefined)
  }

  /** Resolves when this broker has applied it too, so that the next request sees it. */
  async #submit(intent: Intent): Promise<void> {
    const { client, directory, state } = this.#deps
    const { index = 0 } = await client.submit(intent, COMMAND_MS, this.#asker ?? undefined)
    await directory.until(() => state.head.appliedIndex >= index, LEADER_MS)
  }

  #request(by: string): { readonly at: number; readonly broker: BrokerId; readonly by: string } {
    const { brokerId: broker, clock } = this.#deps
    return { at: clock.now(), broker, by }
  }

  /** The broker that carries it out applies its own rules to the client. */
  #asked<Fields extends object>(fields: Fields): Fields & { asker?: AskerFields } {
    return { ...fields, ...askedBy(this.#asker, this.#deps.state.security.version) }
  }

  #find(target: GroupTarget): Found {
    if (target.kind === 'metadata') return { group: METADATA_GROUP, partition: null, topic: null }
    const { state } = this.#deps
    const topic = requireTopic(state, target.topic, target.topicId)
    const partition = partitionOf(topic, target.partition)
    return { group: partition.group, partition, topic }
  }

  /** Null: no broker leads it now. */
  async #ledReport(group: GroupId, tail: boolean): Promise<GroupReport | null> {
    try {
      const led = await this.#report(group, tail)
      // A leader that has lost its majority steps down before all brokers know it.
      return led.status.leader === led.broker ? led : null
    } catch (error) {
      if (!TailraceError.from(error).retriable) throw error
      return null
    }
  }

  #report(group: GroupId, tail: boolean): Promise<GroupReport> {
    return this.#deps.calls.leaderReport(group, tail, LEADER_MS, this.#asker)
  }

  /** Of those that answer. */
  async #reportsOf(group: GroupId, brokers: readonly BrokerId[]): Promise<GroupReport[]> {
    const asked = brokers.map((broker) =>
      this.#deps.calls.reportOf(broker, group, REPLICA_MS, this.#asker).catch(() => null),
    )
    return (await Promise.all(asked)).filter((report) => report !== null)
  }

  #checkBrokers(ids: readonly BrokerId[]): void {
    if (ids.length === 0 || new Set(ids).size !== ids.length) throw new TailraceError('INVALID_MEMBERS')
    const brokers = this.#deps.brokers()
    const stranger = ids.find((id) => !brokers.includes(id))
    if (stranger !== undefined) throw new TailraceError('UNKNOWN_BROKER', `Broker ${stranger}.`)
  }
}
