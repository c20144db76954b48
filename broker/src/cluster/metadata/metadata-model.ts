import type { BrokerId, ErrorCode, GroupId, LogIndex, PartitionNumber, ProducerId, Term } from '@tailrace/schemas'
import type { AuditRecord } from '../../api/admin-api.ts'
import type { TopicConfig } from '../../api/broker-api.ts'
import type { BrokerRegistration } from './commands/command.ts'
import type { TopicPartition } from './partition-replicas.ts'
import type { ProducerOwner, ProducerOwners } from './producer-owners.ts'
import type { SecurityChange, SecurityState } from './security-state.ts'
import type { Upkeep } from './upkeep.ts'

/** `partitions` and `config` are replaced in place as commands are applied. */
export interface Topic {
  readonly name: string
  readonly id: string
  config: TopicConfig
  readonly partitions: TopicPartition[]
}

export interface TopicPlace {
  readonly topic: Topic
  readonly partition: PartitionNumber
}

/** A broker that was admitted to the cluster after it was formed. */
export interface JoinedBroker {
  readonly id: BrokerId
  readonly directoryId: string
  /** The address that it had then. */
  readonly peer: string
  /** Under which it takes part in the metadata group. */
  readonly admission: LogIndex
}

/** The result of a command. Kept for a while under the command's id, so that a retry gets the same answer. */
export type CommandResult =
  | { readonly ok: true; readonly first?: ProducerId; readonly count?: number; readonly index?: LogIndex }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string }

/** The changes of one applied entry, for parts that store or use the state. */
export interface Applied {
  readonly id: string
  readonly result: CommandResult
  /** The command had been applied before; nothing changed. */
  readonly repeated: boolean
  readonly broker?: BrokerRegistration
  readonly created?: Topic
  readonly deleted?: Topic
  /** Its configuration is another one now. */
  readonly altered?: Topic
  /** It has more partitions, those from number `first` on. */
  readonly extended?: { readonly topic: Topic; readonly first: PartitionNumber }
  /** This partition's replicas, or the wanted ones. */
  readonly changed?: TopicPlace
  readonly joined?: JoinedBroker
  readonly removed?: BrokerId
  /** The priority of a broker in the metadata group. */
  readonly metadataPriority?: boolean
  /** What operators want of the spread of replicas is something else now. */
  readonly upkeep?: boolean
  readonly security?: SecurityChange
  /** Principals that have got ids. */
  readonly owners?: readonly ProducerOwner[]
  readonly audit?: AuditRecord
}
/** The result of performing a command. */
export type Change = Omit<Applied, 'id' | 'repeated'>

/** The counters; group and producer numbers only ever rise, so none is used twice. */
export interface MetadataHead {
  appliedIndex: LogIndex
  /** Of the entry at `appliedIndex`; 0: a version that did not keep it has applied it. */
  appliedTerm: Term
  nextGroup: GroupId
  nextProducer: ProducerId
  /** See ProducerCounters. */
  lastOwner: number
  /** Commands remembered so far; their answers are kept in a ring of REMEMBERED_COMMANDS. */
  commands: number
  /** Audit records so far; the last AUDIT_RECORDS are kept. */
  audits: number
  /** The feature level of the cluster (feature-levels.ts). */
  featureLevel: number
  /**
   * The highest level that every broker has supported with each registration since the cluster was formed; 0: none has
   * registered.
   */
  alwaysSupported: number
}

export interface RememberedCommand {
  readonly number: number
  readonly id: string
  readonly result: CommandResult
}

/** A retry comes within the time limit of a request; this many commands take longer than that. */
export const REMEMBERED_COMMANDS = 1024
export const AUDIT_RECORDS = 1000

/** The metadata of the cluster, for the parts that apply commands to it and those that read it. */
export interface MetadataTables {
  readonly head: MetadataHead
  readonly brokers: Map<BrokerId, BrokerRegistration>
  readonly topics: Map<string, Topic>
  readonly topicsById: Map<string, Topic>
  readonly places: Map<GroupId, TopicPlace>
  readonly joined: Map<BrokerId, JoinedBroker>
  /** Brokers that were members once and never will be again, with the data directories they had, as far as known. */
  readonly removed: Map<BrokerId, { readonly directoryId: string }>
  /** Broker -> factor of its election timeout in the metadata group, where that is not 1. */
  metadataPriorities: Readonly<Record<number, number>>
  upkeep: Upkeep
  readonly security: SecurityState
  readonly producers: ProducerOwners
  replacePartition(place: TopicPlace, replaced: TopicPartition): void
}

export function refused(code: ErrorCode, detail: string): { result: CommandResult } {
  return { result: { ok: false, code, detail } }
}
