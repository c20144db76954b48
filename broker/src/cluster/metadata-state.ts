import type { BrokerId, ErrorCode, GroupId, LogIndex, PartitionNumber, ProducerId } from '@tailrace/schemas'
import type { TopicConfig } from './broker-api.ts'
import type { AllocateProducerIds, BrokerRegistration, Command, CreateTopic, IdentifiedCommand } from './command.ts'

export interface Topic {
  readonly name: string
  readonly id: string
  readonly config: TopicConfig
  readonly partitions: readonly TopicPartition[]
}
export interface TopicPartition {
  readonly group: GroupId
  /** Ordered: the first is the preferred leader. */
  readonly replicas: readonly BrokerId[]
}

/** What a command came to. Kept for a while under the command's id, so that a retry gets the same answer. */
export type CommandResult =
  | { readonly ok: true; readonly first?: ProducerId; readonly count?: number }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string }

/** What one applied entry changed, for those who keep or use the state. */
export interface Applied {
  readonly id: string
  readonly result: CommandResult
  /** The command had been applied before; nothing changed. */
  readonly repeated: boolean
  readonly broker?: BrokerRegistration
  readonly created?: Topic
  readonly deleted?: Topic
}

/** The counters; group and producer numbers only ever rise, so none is used twice. */
export interface MetadataHead {
  appliedIndex: LogIndex
  nextGroup: GroupId
  nextProducer: ProducerId
  /** Commands remembered so far; their answers are kept in a ring of REMEMBERED_COMMANDS. */
  commands: number
}

export interface RememberedCommand {
  readonly number: number
  readonly id: string
  readonly result: CommandResult
}

/** A retry comes within the time limit of a request; this many commands take longer than that. */
export const REMEMBERED_COMMANDS = 1024

/**
 * The cluster's metadata: a pure function of group 0's log (design §6). No clock, no randomness, no IO; the same commands in the same order give the
 * same state on every broker, whatever part of them came from a store.
 */
export class MetadataState {
  readonly head: MetadataHead = { appliedIndex: 0, nextGroup: 1, nextProducer: 0, commands: 0 }
  readonly brokers = new Map<BrokerId, BrokerRegistration>()
  readonly topics = new Map<string, Topic>()
  readonly places = new Map<GroupId, { readonly topic: Topic; readonly partition: PartitionNumber }>()
  readonly #remembered = new Map<string, RememberedCommand>()

  /** Null where the entry held no command that this version knows. */
  apply(index: LogIndex, entry: IdentifiedCommand | null): Applied | null {
    this.head.appliedIndex = index
    if (entry === null) return null
    const earlier = this.#remembered.get(entry.id)
    if (earlier !== undefined) return { id: entry.id, result: earlier.result, repeated: true }
    const changed = this.#perform(entry.command)
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

  addTopic(topic: Topic): void {
    this.topics.set(topic.name, topic)
    topic.partitions.forEach(({ group }, partition) => {
      this.places.set(group, { topic, partition })
    })
  }

  /** False for a group whose topic has been deleted; true for those that may still come. */
  mayExist(group: GroupId): boolean {
    return group === 0 || group >= this.head.nextGroup || this.places.has(group)
  }

  #perform(command: Command): Omit<Applied, 'id' | 'repeated'> {
    switch (command.type) {
      case 'register-broker':
        return this.#register(command.broker)
      case 'create-topic':
        return this.#create(command)
      case 'delete-topic':
        return this.#delete(command.name)
      case 'allocate-producer-ids':
        return this.#allocate(command)
    }
  }

  #register(broker: BrokerRegistration): Omit<Applied, 'id' | 'repeated'> {
    const known = this.brokers.get(broker.id)
    if (known !== undefined && known.directoryId !== broker.directoryId) {
      return refused('BROKER_IDENTITY_MISMATCH', `Broker ${broker.id} is registered with another data directory.`)
    }
    this.brokers.set(broker.id, broker)
    return { result: { ok: true }, broker }
  }

  #create({ name, topicId, config, partitions }: CreateTopic): Omit<Applied, 'id' | 'repeated'> {
    const existing = this.topics.get(name)
    if (existing !== undefined) {
      return existing.id === topicId ? { result: { ok: true } } : refused('TOPIC_EXISTS', `"${name}"`)
    }
    const numbered = partitions.map(({ replicas }) => ({ group: this.head.nextGroup++, replicas }))
    const created: Topic = { name, id: topicId, config, partitions: numbered }
    this.addTopic(created)
    return { result: { ok: true }, created }
  }

  #delete(name: string): Omit<Applied, 'id' | 'repeated'> {
    const deleted = this.topics.get(name)
    if (deleted === undefined) return refused('UNKNOWN_TOPIC', `"${name}"`)
    this.topics.delete(name)
    for (const { group } of deleted.partitions) this.places.delete(group)
    return { result: { ok: true }, deleted }
  }

  #allocate({ count }: AllocateProducerIds): Omit<Applied, 'id' | 'repeated'> {
    const first = this.head.nextProducer
    this.head.nextProducer += count
    return { result: { ok: true, first, count } }
  }
}

function refused(code: ErrorCode, detail: string): { result: CommandResult } {
  return { result: { ok: false, code, detail } }
}
