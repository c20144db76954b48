export type {
  CascadeBranch,
  CascadeTree,
  ClientLogger,
  ClientOptions,
  ConnectionStatus,
  ConnectOptions,
  Credentials,
  StatusChange,
  StatusListener,
  TlsOptions,
} from '@tailrace/client'
export { type ErrorCode, TailraceError } from '@tailrace/schemas'
export { Admin, type EnsureOptions, type TopicName } from './admin.ts'
export type { BrokerDescription, ClusterDescription, ReplicasDescription } from './cluster.ts'
export type {
  GroupDescription,
  GroupMember,
  GroupProgress,
  GroupState,
  GroupSummary,
  MovedPosition,
  ResetOptions,
} from './consumer-groups.ts'
export type { OffsetAt, PartitionOffset } from './offsets.ts'
export type { AdminOptions, CallOptions } from './options.ts'
export type { PartitionSize } from './sizes.ts'
export type {
  EffectiveSetting,
  PartitionDescription,
  TopicConfig,
  TopicDescription,
  TopicSummary,
} from './topic-answers.ts'
export type { TopicDifference, TopicSpec } from './topic-differences.ts'
export type { EnsuredTopic } from './topics.ts'
