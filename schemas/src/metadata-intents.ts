import type { BrokerId, GroupId, LogIndex, Offset, PartitionNumber, Term, Timestamp } from './ids.ts'

/** A setting of a topic; null: its default. */
export interface SettingFields {
  name: string
  value: number | boolean | null
}
interface Place {
  topicId: string
  partition: PartitionNumber
}
/** When an operator asked, and which broker. */
interface Asked {
  at: Timestamp
  broker: BrokerId
}

/** How the password of a user is stored (RFC 5802); bytes are base64. */
export interface ScramFields {
  mechanism: string
  salt: string
  iterations: number
  storedKey: string
  serverKey: string
}
interface PatternFields {
  type: string
  name: string
  pattern: string
}
export interface AclFields {
  principal: string
  host: string
  operation: string
  permission: string
  resource: PatternFields
}
export interface TokenFields {
  id: string
  hash: string
  principal: string
  scope?: { operations: string[]; resources: PatternFields[] } | null
  createdAt: Timestamp
  createdBy: string
  expiresAt?: Timestamp | null
}

/** Whom a quota is about; empty: this does not matter. */
export interface EntityFields {
  principal: string
  clientId: string
  address: string
}
export interface LimitFields {
  kind: string
  limit: number
}

/**
 * The requests that a broker can make of the metadata (MetadataCommand). A new one is a new record of the union: older
 * brokers refuse it by its name.
 */
export interface IntentShapes {
  RegisterBroker: {
    broker: {
      id: BrokerId
      http: string
      peer: string
      pid: number
      incarnation: string
      directoryId: string
      levels?: { lowest: number; highest: number } | null
      /** Empty: none. */
      rack?: string
    }
  }
  CreateTopic: { name: string; topicId: string; partitions: number; replicas: number; config: SettingFields[] }
  /** `topicId`: the id of the topic; empty: the topic that has the name. */
  DeleteTopic: { name: string; topicId?: string }
  SetTopicConfig: { name: string; topicId?: string; changes: SettingFields[] }
  AllocateProducerIds: { broker: BrokerId; count: number }
  AllocateOwnedIds: { broker: BrokerId; count: number; principal: string }
  /** `from`: the replicas that it starts from, in order; empty: any. */
  AssignReplicas: Place & { replicas: BrokerId[]; from?: BrokerId[] }
  CancelChange: Place
  ReplicasChanged: { group: GroupId; change: LogIndex; outcome: string; reason: string }
  ForceReplicas: Place &
    Asked & { members: BrokerId[]; leader: BrokerId; lost: BrokerId[]; term?: Term | null; by: string }
  ReplicaDropped: { group: GroupId; broker: BrokerId }
  SetPriority: { group: GroupId; broker: BrokerId; factor: number }
  JoinBroker: Asked & { joining: { id: BrokerId; directoryId: string; peer: string; http: string } }
  RemoveBroker: Asked & { removed: BrokerId; by: string }
  ForcedCluster: Asked & { members: BrokerId[]; by: string }
  SetFeatureLevel: Asked & { level: number; by: string }
  SetUser: Asked & { name: string; scram: ScramFields[]; by: string }
  DeleteUser: Asked & { name: string; by: string }
  AddToken: Asked & { token: TokenFields; by: string }
  RemoveTokens: Asked & { ids: string[]; expired: boolean; by: string }
  AddAcls: Asked & { acls: AclFields[]; by: string }
  RemoveAcls: Asked & { acls: AclFields[]; by: string }
  SetQuota: Asked & { entity: EntityFields; limits: LimitFields[]; by: string }
  RemoveQuota: Asked & { entity: EntityFields; by: string }
  SetDraining: Asked & { drained: BrokerId; draining: boolean; by: string }
  SetBalancing: Asked & { balancing: boolean; by: string }
  AddPartitions: { name: string; topicId: string; partitions: number }
  RecordsDeleted: { group: GroupId; before: Offset }
}
export type IntentName = keyof IntentShapes

/** One of the records, under its full Avro name, as Avro's unions have it. */
export type IntentFields = {
  [Name in IntentName]: { [Full in `tailrace.metadata.${Name}`]: IntentShapes[Name] }
}[IntentName]
