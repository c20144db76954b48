import type { BrokerId, GroupId, LogIndex, Term } from '@tailrace/schemas'
import type { AuditRecord } from '../../api/admin-api.ts'
import { ANONYMOUS } from '../../security/identity/principal.ts'
import type { BrokerRegistration, Command, CreateTopic, IdentifiedCommand } from './commands/command.ts'
import { FIRST_LEVEL, notSupportedBy } from './feature-levels.ts'
import { performLevelCommand } from './level-changes.ts'
import { performMemberCommand } from './member-changes.ts'
import type {
  Applied,
  Change,
  CommandResult,
  JoinedBroker,
  MetadataHead,
  MetadataTables,
  RememberedCommand,
  Topic,
  TopicPlace,
} from './metadata-model.ts'
import { AUDIT_RECORDS, REMEMBERED_COMMANDS, refused } from './metadata-model.ts'
import type { TopicPartition } from './partition-replicas.ts'
import { ProducerOwners } from './producer-owners.ts'
import { performSecurityCommand } from './security-changes.ts'
import { SecurityState } from './security-state.ts'
import { performTopicCommand } from './topic-changes.ts'
import { NO_UPKEEP, type Upkeep } from './upkeep.ts'
import { performUpkeepCommand } from './upkeep-changes.ts'

export type * from './metadata-model.ts'
export { AUDIT_RECORDS, REMEMBERED_COMMANDS } from './metadata-model.ts'
export type { TopicPartition } from './partition-replicas.ts'

/**
 * The cluster's metadata: a pure function of group 0's log (docs/design.md). No clock, no randomness, no IO; the same
 * commands in the same order give the same state on every broker, for any part of them that came from a store.
 */
export class MetadataState implements MetadataTables {
  readonly head: MetadataHead = {
    appliedIndex: 0,
    appliedTerm: 0,
    nextGroup: 1,
    nextProducer: 0,
    lastOwner: 0,
    commands: 0,
    audits: 0,
    featureLevel: 1,
    alwaysSupported: 0,
  }
  readonly brokers = new Map<BrokerId, BrokerRegistration>()
  readonly topics = new Map<string, Topic>()
  readonly places = new Map<GroupId, TopicPlace>()
  readonly topicsById = new Map<string, Topic>()
  readonly joined = new Map<BrokerId, JoinedBroker>()
  readonly removed = new Map<BrokerId, { readonly directoryId: string }>()
  /** Partitions whose replicas are being changed. */
  readonly changing = new Set<GroupId>()
  /** Partitions with outcasts. */
  readonly fenced = new Set<GroupId>()
  metadataPriorities: Readonly<Record<number, number>> = {}
  upkeep: Upkeep = NO_UPKEEP
  /** Credentials and rules. */
  readonly security = new SecurityState()
  /** Whose producer ids are whose. */
  readonly producers = new ProducerOwners(this.head)
  /**
   * How far this broker's copy can be trusted to be complete; set by its owner. behind: some decisions from before its
   * start are missing here. leaderless: decisions of others do not arrive here at present.
   */
  freshness: () => 'level' | 'leaderless' | 'behind' = () => 'level'
  readonly #audit: AuditRecord[] = []
  readonly #remembered = new Map<string, RememberedCommand>()

  apply(index: LogIndex, entry: IdentifiedCommand, term: Term = 0): Applied {
    this.head.appliedIndex = index
    this.head.appliedTerm = term
    const earlier = this.#remembered.get(entry.id)
    if (earlier !== undefined) return { id: entry.id, result: earlier.result, repeated: true }
    const changed = this.#perform(entry.command)
    if (changed.audit !== undefined) this.addAudit(changed.audit)
    this.remember({ number: this.head.commands++, id: entry.id, result: changed.result })
    return { id: entry.id, repeated: false, ...changed }
  }

  /** The answer to a command that was applied lately. */
  resultOf(id: string): CommandResult | undefined {
    return this.#remembered.get(id)?.result
  }

  /** In the order in which they were applied. */
  remembered(): Iterable<RememberedCommand> {
    return this.#remembered.values()
  }

  remember(command: RememberedCommand): void {
    this.#remembered.set(command.id, command)
    if (this.#remembered.size <= REMEMBERED_COMMANDS) return
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest)
      return
    }
  }

  /** Oldest first. */
  get audit(): readonly AuditRecord[] {
    return this.#audit
  }

  addAudit(record: AuditRecord): void {
    this.head.audits += 1
    this.keepAudit(record)
  }

  /** One that was counted before. */
  keepAudit(record: AuditRecord): void {
    if (this.#audit.push(record) > AUDIT_RECORDS) this.#audit.shift()
  }

  addTopic(topic: Topic): void {
    this.topics.set(topic.name, topic)
    this.topicsById.set(topic.id, topic)
    topic.partitions.forEach((some, partition) => {
      const place = { topic, partition }
      this.places.set(some.group, place)
      this.replacePartition(place, some)
    })
  }

  partitionOf(group: GroupId): TopicPartition | undefined {
    const place = this.places.get(group)
    return place?.topic.partitions[place.partition]
  }

  replacePartition({ topic, partition }: TopicPlace, replaced: TopicPartition): void {
    topic.partitions[partition] = replaced
    if (replaced.change === undefined) this.changing.delete(replaced.group)
    else this.changing.add(replaced.group)
    if (replaced.outcasts === undefined) this.fenced.delete(replaced.group)
    else this.fenced.add(replaced.group)
  }

  /**
   * Forgets everything, for a state that comes from elsewhere; but for credentials and rules, which hold until the
   * others take their place (loadMetadata).
   */
  clear(): void {
    Object.assign(this.head, new MetadataState().head)
    for (const map of [this.brokers, this.topics, this.topicsById, this.places, this.joined, this.removed]) map.clear()
    this.changing.clear()
    this.fenced.clear()
    this.producers.clear()
    this.metadataPriorities = {}
    this.upkeep = NO_UPKEEP
    this.#audit.length = 0
    this.#remembered.clear()
  }

  /** False for a group whose topic has been deleted; true for those that may still come. */
  mayExist(group: GroupId): boolean {
    return group === 0 || group >= this.head.nextGroup || this.places.has(group)
  }

  #perform(command: Command): Change {
    switch (command.type) {
      case 'register-broker':
        return this.#register(command.broker)
      case 'create-topic':
        return this.#create(command)
      case 'delete-topic':
        return this.#delete(command.name)
      case 'allocate-producer-ids':
        return this.#allocate(command.count)
      case 'allocate-owned-ids':
        return this.#allocateOwned(command.principal, command.count)
      case 'join-broker':
      case 'remove-broker':
      case 'forced-cluster':
        return performMemberCommand(this, command)
      case 'set-feature-level':
        return performLevelCommand(this, command)
      case 'set-user':
      case 'delete-user':
      case 'add-token':
      case 'remove-tokens':
      case 'add-acls':
      case 'remove-acls':
      case 'set-quota':
      case 'remove-quota':
        return performSecurityCommand(this, command)
      case 'set-draining':
      case 'set-balancing':
        return performUpkeepCommand(this, command)
      default:
        return performTopicCommand(this, command)
    }
  }

  #register(broker: BrokerRegistration): Change {
    if (this.removed.has(broker.id)) {
      return refused('BROKER_IDENTITY_MISMATCH', `Broker ${broker.id} was removed from the cluster.`)
    }
    const known = this.brokers.get(broker.id) ?? this.joined.get(broker.id)
    if (known !== undefined && known.directoryId !== broker.directoryId) {
      return refused('BROKER_IDENTITY_MISMATCH', `Broker ${broker.id} is registered with another data directory.`)
    }
    const behind = notSupportedBy(this.head.featureLevel, [{ broker: broker.id, range: broker.levels ?? FIRST_LEVEL }])
    if (behind !== null) return refused('FEATURE_LEVEL_UNSUPPORTED', behind)
    this.brokers.set(broker.id, broker)
    const { highest } = broker.levels ?? FIRST_LEVEL
    const { alwaysSupported } = this.head
    this.head.alwaysSupported = alwaysSupported === 0 ? highest : Math.min(alwaysSupported, highest)
    return { result: { ok: true }, broker }
  }

  #create({ name, topicId, config, partitions }: CreateTopic): Change {
    const existing = this.topics.get(name)
    if (existing !== undefined) {
      return existing.id === topicId ? { result: { ok: true } } : refused('TOPIC_EXISTS', `"${name}"`)
    }
    if (this.topicsById.has(topicId)) return refused('TOPIC_EXISTS', `The id ${topicId} is another topic's.`)
    const numbered = partitions.map(({ replicas }) => {
      return { group: this.head.nextGroup++, founders: replicas, replicas }
    })
    const created: Topic = { name, id: topicId, config, partitions: numbered }
    this.addTopic(created)
    return { result: { ok: true }, created }
  }

  #delete(name: string): Change {
    const deleted = this.topics.get(name)
    if (deleted === undefined) return refused('UNKNOWN_TOPIC', `"${name}"`)
    this.topics.delete(name)
    this.topicsById.delete(deleted.id)
    for (const { group } of deleted.partitions) {
      this.places.delete(group)
      this.changing.delete(group)
      this.fenced.delete(group)
    }
    return { result: { ok: true }, deleted }
  }

  /** Brokers of the first level know no owners, and have to come to the same state. */
  #allocate(count: number): Change {
    if (this.head.featureLevel > FIRST_LEVEL.highest) return this.#allocateOwned(ANONYMOUS, count)
    const first = this.head.nextProducer
    this.head.nextProducer += count
    return { result: { ok: true, first, count } }
  }

  #allocateOwned(principal: string, count: number): Change {
    const taken = this.producers.take(principal, count)
    if (taken === null) return refused('TOO_MANY_PRODUCERS', 'No more principals get producer ids.')
    const { first, owner } = taken
    return { result: { ok: true, first, count }, ...(owner === undefined ? {} : { owners: [owner] }) }
  }
}
