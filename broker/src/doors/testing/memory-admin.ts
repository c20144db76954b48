import { type BrokerId, type ErrorCode, TailraceError } from '@tailrace/schemas'
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
import type { TopicConfig, TopicSummary } from '../../api/broker-api.ts'
import type { BalanceDescription } from '../../api/upkeep-api.ts'
import { refuseAnother } from '../../cluster/metadata/required-topic.ts'
import type { MemoryBroker } from './memory-broker.ts'

/** The administrative side of MemoryBroker, for the gateway's tests: remembers the calls, and answers as told. */
export class MemoryAdmin implements AdminApi, AdminService {
  /** Every call, by name and arguments. */
  readonly asked: unknown[][] = []
  /** Answers to come, in order, before real ones. */
  readonly failures: ErrorCode[] = []
  readonly #broker: MemoryBroker
  readonly #audit: AuditRecord[] = []

  constructor(broker: MemoryBroker) {
    this.#broker = broker
  }

  get own(): this {
    return this
  }

  for(): this {
    return this
  }

  async members(target: GroupTarget): Promise<MembersDescription> {
    this.#ask('members', target)
    return aMembersDescription
  }

  async changeMembers(target: GroupTarget, replicas: readonly BrokerId[]): Promise<void> {
    this.#ask('changeMembers', target, replicas)
  }

  async cancelChange(target: GroupTarget): Promise<void> {
    this.#ask('cancelChange', target)
  }

  async transferLeadership(target: GroupTarget, to: BrokerId): Promise<{ leader: BrokerId }> {
    this.#ask('transferLeadership', target, to)
    return { leader: to === 0 ? 1 : to }
  }

  async forceMembers(
    target: GroupTarget,
    request: { members: readonly BrokerId[]; acceptDataLoss: boolean; by: string },
  ): Promise<ForcedMembers> {
    this.#ask('forceMembers', target, request)
    if (!request.acceptDataLoss) throw new TailraceError('DATA_LOSS_NOT_ACCEPTED')
    const detail = request.members.join(',')
    this.#audit.unshift({ at: 1, broker: 1, by: request.by, action: 'force-members', target: target.kind, detail })
    return { term: 8, lastIndex: 40, highWatermark: 30 }
  }

  async snapshot(target: GroupTarget, request: { broker: BrokerId; thenFetch: boolean }) {
    this.#ask('snapshot', target, request)
    return { index: 12, bytes: 3456 }
  }

  async setPriority(target: GroupTarget, request: { broker: BrokerId; factor: number }): Promise<void> {
    this.#ask('setPriority', target, request)
  }

  async describeGroup(target: GroupTarget): Promise<GroupDescription> {
    this.#ask('describeGroup', target)
    return aGroupDescription
  }

  async alterTopic(name: string, changes: TopicChanges, topicId?: string): Promise<TopicConfig> {
    this.#ask('alterTopic', name, changes)
    const topic = this.#broker.topics.get(name)
    if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', name)
    refuseAnother(name, topic.id, topicId)
    const merged = Object.entries({ ...topic.config, ...changes }).filter(([, value]) => value !== null)
    topic.config = Object.fromEntries(merged)
    return topic.config
  }

  async addPartitions(name: string, partitions: number, topicId?: string): Promise<TopicSummary> {
    this.#ask('addPartitions', name, partitions)
    return this.#broker.addPartitions(name, partitions, topicId)
  }

  async deleteRecords(target: PartitionTarget, before: number): Promise<{ logStart: number }> {
    this.#ask('deleteRecords', target, before)
    const found = this.#broker.topics.get(target.topic)!.partitions[target.partition]!
    if (before > found.end) throw new TailraceError('OFFSET_OUT_OF_RANGE', `${before}`)
    found.logStart = Math.max(found.logStart ?? 0, before === -1 ? found.end : before)
    return { logStart: found.logStart }
  }

  async removeBroker(broker: BrokerId, by = ''): Promise<void> {
    this.#ask('removeBroker', broker, by)
  }

  async balance(): Promise<BalanceDescription> {
    this.#ask('balance')
    return aBalance
  }

  async setBalancing(balancing: boolean, by = ''): Promise<void> {
    this.#ask('setBalancing', balancing, by)
  }

  async setDraining(broker: BrokerId, draining: boolean, by = ''): Promise<void> {
    this.#ask('setDraining', broker, draining, by)
  }

  async raiseFeatureLevel(request: { level: number | null; by: string; cascades: readonly unknown[] }) {
    this.#ask('raiseFeatureLevel', request)
    return { level: request.level ?? 2 }
  }

  async moves(): Promise<MovesDescription> {
    this.#ask('moves')
    return someMoves
  }

  async audit(): Promise<readonly AuditRecord[]> {
    this.#ask('audit')
    return this.#audit
  }

  #ask(...call: unknown[]): void {
    this.asked.push(call)
    const failure = this.failures.shift()
    if (failure !== undefined) throw new TailraceError(failure)
    const target = call[1]
    if (typeof target !== 'object' || (target as GroupTarget).kind !== 'partition') return
    const { topic, partition, topicId } = target as GroupTarget & { kind: 'partition' }
    const known = this.#broker.topics.get(topic)
    if (known === undefined) throw new TailraceError('UNKNOWN_TOPIC', topic)
    refuseAnother(topic, known.id, topicId)
    if (partition >= known.partitions.length) throw new TailraceError('UNKNOWN_PARTITION', `${partition}`)
  }
}

const leader = { broker: 1, role: 'leader', matchIndex: 9, nextIndex: 10, lag: 0, state: 'leader' } as const
const newcomer = { broker: 2, role: 'learner', matchIndex: 3, nextIndex: 4, lag: 6, state: 'snapshot' } as const

const share = { rack: 'host 10.0.0.1', up: true, draining: false, bytesPerSecond: 1000, ledBytesPerSecond: 500 }

/** Broker 2 is new. */
export const aBalance: BalanceDescription = {
  balancing: true,
  imbalance: 0.5,
  brokers: [
    { broker: 1, replicas: 2, leaders: 2, bytes: 4096, ...share },
    { broker: 2, replicas: 0, leaders: 0, bytes: 0, ...share },
  ],
  moves: [
    {
      topic: 'flights',
      partition: 0,
      kind: 'replica',
      why: 'load',
      from: [1],
      to: [2],
      bytes: 2048,
      imbalanceAfter: 0,
    },
  ],
  more: 0,
}

/** A change from broker 1 to brokers 1 and 2 under way. */
export const aMembersDescription: MembersDescription = {
  leader: 1,
  term: 7,
  stage: 'staging',
  voters: [1],
  outgoing: [],
  learners: [2],
  target: [1, 2],
  members: [
    { ...leader, inFlight: 0, active: true, caughtUp: true, copy: null },
    { ...newcomer, inFlight: 1, active: true, caughtUp: false, copy: { receivedBytes: 5, totalBytes: 10 } },
  ],
  lastOutcome: { outcome: 'failed', reason: 'broker 3 was not heard of', target: [1, 3] },
}

export const someMoves: MovesDescription = {
  moves: [
    { topic: 'flights', partition: 2, from: [1], to: [1, 2], failed: null, members: aMembersDescription },
    { topic: null, partition: 0, from: [1], to: [1, 3], failed: 'broker 3 was not heard of', members: null },
  ],
  more: 4,
}

export const aGroupDescription: GroupDescription = {
  ...aMembersDescription,
  group: 4,
  asleep: false,
  commitIndex: 8,
  lastIndex: 9,
  durableIndex: 9,
  prevIndex: 2,
  logStart: 100,
  highWatermark: 130,
  sizeBytes: 4096,
  readOnly: false,
  transferringTo: 0,
  lastSnapshot: { index: 2, at: 1_700_000_000_000, bytes: 512 },
  tail: [
    { index: 8, term: 7, kind: 'records', baseOffset: 120, lastOffset: 129, bytes: 900, state: 'applied' },
    { index: 9, term: 7, kind: 'configuration', baseOffset: 130, lastOffset: 129, bytes: 81, state: 'uncommitted' },
  ],
  replicas: [
    {
      broker: 1,
      role: 'leader',
      term: 7,
      leader: 1,
      commitIndex: 8,
      lastIndex: 9,
      durableIndex: 9,
      prevIndex: 2,
      logStart: 100,
      highWatermark: 130,
      sizeBytes: 4096,
      asleep: false,
      trouble: null,
    },
  ],
}
