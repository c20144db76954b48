import type { ErrorCode, Message } from '@tailrace/schemas'
import type { PartitionLog, StoredBatch } from './partition-log.ts'
import type { TestConsumerGroup } from './test-consumer-group.ts'

/** What goes wrong with one Publish. `applied`: the batch gets into the log first. */
export interface Fault {
  readonly applied?: boolean
  readonly error?: ErrorCode
  readonly retryAfterMs?: number
  readonly drop?: boolean
  readonly silent?: boolean
  readonly lateMs?: number
}

/** What brokers and their sessions see of the cluster. */
export interface World {
  readonly fault: ((broker: number, fields: Message<'Publish'>, body: Uint8Array) => Fault | undefined) | undefined
  readonly alterPush: ((batches: StoredBatch[]) => StoredBatch[] | 'drop connection' | undefined) | undefined
  readonly forwards: boolean
  /** Brokers that acknowledgements name. */
  readonly holders: number[]
  readonly maxBatchBytes: number
  readonly maxPushBytes: number
  connections: number
  pushedBytes: number
  /** 0 when there is no such topic. */
  partitions(topic: string): number
  log(topic: string, partition: number): PartitionLog
  /**
   * @throws TailraceError TOPIC_ID_MISMATCH when the request means another topic than the one that has the name; empty:
   * any topic
   */
  refuseAnother(topic: string, topicId: string | undefined): void
  /** 0 when there is none. */
  leader(topic: string, partition: number): number
  newProducer(): { producerId: number; epoch: number }
  metadata(topics: readonly string[]): Omit<Message<'MetadataReply'>, 'correlation'>
  /** Brokers of all levels. @throws TailraceError UNSUPPORTED_MESSAGE: the brokers are of an earlier version */
  told(): Omit<Message<'BrokersReply'>, 'correlation'>
  /** The consumer group of this name; it comes to be when it is asked for. */
  group(name: string): TestConsumerGroup
  /** @throws TailraceError TOPIC_EXISTS, AUTHORIZATION_FAILED */
  createForClient(name: string, partitions: number): void
  pushAll(): void
  noteTransmission(broker: number, topic: string, partition: number): void
  noteAnswer(broker: number, topic: string, partition: number): void
}
