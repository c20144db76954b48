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
export { type ErrorCode, partitionForKey, TailraceError } from '@tailrace/schemas'
export type { ProducerCounters } from './counters.ts'
export type { Partitioner, ProducerOptions } from './options.ts'
export { Producer, type SendOptions } from './producer.ts'
export type { ProducerRecord, Sent } from './record.ts'
export type { TypedProducerRecord } from './typed-record.ts'
