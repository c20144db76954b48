export type {
  ClientLogger,
  ConnectionStatus,
  ConnectOptions,
  Credentials,
  StatusChange,
  StatusListener,
  TlsOptions,
} from '@tailrace/client'
export { TailraceError } from '@tailrace/schemas'
export type { Partitioner, ProducerOptions } from './options.ts'
export { Producer, type SendOptions } from './producer.ts'
export type { OpenTelemetryApi } from './publish-spans.ts'
export type { ProducerRecord, Sent } from './record.ts'
