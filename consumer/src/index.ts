export {
  type AnyTopic,
  type AvroType,
  avro,
  bytes,
  type ClientLogger,
  type ClientOptions,
  type Codec,
  type ConnectionStatus,
  type ConnectOptions,
  type Credentials,
  json,
  nullable,
  type OpenTelemetryApi,
  type SchemaIssue,
  type StandardSchema,
  type StatusChange,
  type StatusListener,
  type TlsOptions,
  type Topic,
  text,
  topic,
} from '@tailrace/client'
export { type ErrorCode, TailraceError } from '@tailrace/schemas'
export { type CheckpointStore, MemoryCheckpoints, type SavedPosition } from './checkpoints/checkpoint-store.ts'
export { Consumer } from './consumer.ts'
export type { ConsumerCounters } from './feed/received-counts.ts'
export { ConsumerGroup } from './groups/consumer-group.ts'
export type { GroupBatch } from './groups/group-batch.ts'
export type { GroupCounts } from './groups/group-counts.ts'
export type {
  AssignedPartition,
  GroupOptions,
  RevocationReason,
  StuckHandler,
  TopicPartition,
} from './groups/group-options.ts'
export type { GroupPartition, GroupPosition } from './groups/group-partition.ts'
export type { CommitOptions, GroupRecord } from './groups/group-record.ts'
export type { GroupSubscription } from './groups/group-subscription.ts'
export { DEAD_LETTER_PREFIX } from './groups/run/dead-letter-prefix.ts'
export type { HandledRecord, Handler } from './groups/run/group-tasks.ts'
export type { RunOptions } from './groups/run/run-options.ts'
export type { Lag } from './lag.ts'
export type { ConsumerOptions, Jump, SubscribeOptions } from './options.ts'
export { Positions } from './positions.ts'
export type { RangeOptions } from './range/range-options.ts'
export type { From } from './range/start.ts'
export type { ReadOptions, ReadPlace } from './read-options.ts'
export type { ReadResult } from './read-result.ts'
export type { OnUnreadable } from './readable-records.ts'
export type { RecordHandler } from './reader-run/reader-run.ts'
export type { ConsumerRunOptions, TopicsRunOptions } from './reader-run/reader-run-options.ts'
export type { RunRecord } from './reader-run/reader-tasks.ts'
export type { ConsumerRecord } from './record.ts'
export type { RecordsBatch } from './records-batch.ts'
export type { HandlerFailure, HandlingOptions } from './run/handling-options.ts'
export type { RetryOptions } from './run/retries.ts'
export type { Place } from './seek-place.ts'
export type { Subscription } from './subscription.ts'
export type { Topics } from './topics/topic-choice.ts'
export { type FromTopics, TopicPositions } from './topics/topic-positions.ts'
export type { TopicsOptions } from './topics/topics-options.ts'
export type { TopicPart, TopicPlace, TopicsLag } from './topics/topics-source.ts'
export type { TopicsSubscription } from './topics/topics-subscription.ts'
