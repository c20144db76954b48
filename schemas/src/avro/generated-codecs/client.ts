// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readErrorFields2,
  readInt,
  readPosition,
  readString,
  writeAskerOrNull,
  writeErrorFields2,
  writeInt,
  writePosition,
  writeString,
} from './shared.ts'

export function readPublish(from: AvroReader): Message<'Publish'> {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    timeoutMs: from.int(),
    topicId: from.string(),
    asker: readAskerOrNull(from),
  }
}
export function writePublish(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.string(value.topicId === undefined ? "" : value.topicId)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}
export function writePublishOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.present(null)
}

export function readPublishReply(from: AvroReader): Message<'PublishReply'> {
  return {
    correlation: from.long(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    duplicate: from.boolean(),
    term: from.int(),
    index: from.long(),
    holders: from.list(1000, readInt),
    seal: from.string(),
  }
}
export function writePublishReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.boolean(value.duplicate)
  to.int(value.term === undefined ? 0 : value.term)
  to.long(value.index === undefined ? 0 : value.index)
  to.list(value.holders === undefined ? [] : value.holders, writeInt)
  to.string(value.seal === undefined ? "" : value.seal)
}

export function readInitProducer(from: AvroReader): Message<'InitProducer'> {
  return {
    correlation: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeInitProducer(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}
export function writeInitProducerOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.present(null)
}

export function readInitProducerReply(from: AvroReader): Message<'InitProducerReply'> {
  return {
    correlation: from.long(),
    producerId: from.long(),
    epoch: from.int(),
  }
}
export function writeInitProducerReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.producerId)
  to.int(value.epoch)
}

export function readMetadata(from: AvroReader): Message<'Metadata'> {
  return {
    correlation: from.long(),
    topics: from.list(10000, readString),
    create: from.list(100, readString),
  }
}
export function writeMetadata(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.topics, writeString)
  to.list(value.create === undefined ? [] : value.create, writeString)
}

function readBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    alive: from.boolean(),
    rack: from.string(),
  }
}
function writeBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.boolean(value.alive)
  to.string(value.rack === undefined ? "" : value.rack)
}

function readTopicPartition(from: AvroReader) {
  return {
    partition: from.int(),
    leader: from.int(),
    term: from.int(),
    replicas: from.list(1000, readInt),
  }
}
function writeTopicPartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.int(value.leader)
  to.int(value.term)
  to.list(value.replicas, writeInt)
}

function readTopic(from: AvroReader) {
  return {
    name: from.string(),
    id: from.string(),
    partitions: from.list(100000, readTopicPartition),
  }
}
function writeTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.id)
  to.list(value.partitions, writeTopicPartition)
}

export function readMetadataReply(from: AvroReader): Message<'MetadataReply'> {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    brokers: from.list(10000, readBroker),
    topics: from.list(10000, readTopic),
    denied: from.list(10000, readString),
  }
}
export function writeMetadataReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.list(value.brokers, writeBroker)
  to.list(value.topics, writeTopic)
  to.list(value.denied === undefined ? [] : value.denied, writeString)
}

function readSubscribePartition(from: AvroReader) {
  return {
    partition: from.int(),
    position: readPosition(from),
  }
}
function writeSubscribePartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  writePosition(to, value.position)
}

export function readSubscribe(from: AvroReader): Message<'Subscribe'> {
  return {
    subscription: from.long(),
    topic: from.string(),
    position: readPosition(from),
    partitions: from.list(10000, readSubscribePartition),
    credit: from.long(),
    replica: from.boolean(),
    topicId: from.string(),
  }
}
export function writeSubscribe(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.string(value.topic)
  writePosition(to, value.position)
  to.list(value.partitions, writeSubscribePartition)
  to.long(value.credit)
  to.boolean(value.replica === undefined ? false : value.replica)
  to.string(value.topicId === undefined ? "" : value.topicId)
}

function readSubscribedPartition(from: AvroReader) {
  return {
    partition: from.int(),
    offset: from.long(),
    highWatermark: from.long(),
  }
}
function writeSubscribedPartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.highWatermark)
}

export function readSubscribed(from: AvroReader): Message<'Subscribed'> {
  return {
    subscription: from.long(),
    partitions: from.list(100000, readSubscribedPartition),
    topicId: from.string(),
  }
}
export function writeSubscribed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.list(value.partitions, writeSubscribedPartition)
  to.string(value.topicId === undefined ? "" : value.topicId)
}

export function readRecords(from: AvroReader): Message<'Records'> {
  return {
    subscription: from.long(),
    partition: from.int(),
    nextOffset: from.long(),
    highWatermark: from.long(),
  }
}
export function writeRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.int(value.partition)
  to.long(value.nextOffset)
  to.long(value.highWatermark)
}

export function readCredit(from: AvroReader): Message<'Credit'> {
  return {
    subscription: from.long(),
    bytes: from.long(),
  }
}
export function writeCredit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.long(value.bytes)
}

export function readUnsubscribe(from: AvroReader): Message<'Unsubscribe'> {
  return {
    subscription: from.long(),
  }
}
export function writeUnsubscribe(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
}

export function readSubscriptionEnd(from: AvroReader): Message<'SubscriptionEnd'> {
  return {
    subscription: from.long(),
    partition: from.int(),
    error: readErrorFields2(from),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
export function writeSubscriptionEnd(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.int(value.partition)
  writeErrorFields2(to, value.error)
  to.long(value.logStart === undefined ? -1 : value.logStart)
  to.long(value.highWatermark === undefined ? -1 : value.highWatermark)
}

export function readPublishIf(from: AvroReader): Message<'PublishIf'> {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    timeoutMs: from.int(),
    expectedOffset: from.long(),
    fence: from.long(),
    topicId: from.string(),
    asker: readAskerOrNull(from),
  }
}
export function writePublishIf(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.long(value.expectedOffset)
  to.long(value.fence)
  to.string(value.topicId === undefined ? "" : value.topicId)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}
export function writePublishIfOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.long(value.expectedOffset)
  to.long(value.fence)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.present(null)
}

export function readPublishIfReply(from: AvroReader): Message<'PublishIfReply'> {
  return {
    correlation: from.long(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    duplicate: from.boolean(),
    term: from.int(),
    index: from.long(),
    holders: from.list(1000, readInt),
    seal: from.string(),
  }
}
export function writePublishIfReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.boolean(value.duplicate)
  to.int(value.term === undefined ? 0 : value.term)
  to.long(value.index === undefined ? 0 : value.index)
  to.list(value.holders === undefined ? [] : value.holders, writeInt)
  to.string(value.seal === undefined ? "" : value.seal)
}
