// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readBrokerLoad2OrNull,
  readPosition,
  readString,
  writeAskerOrNull,
  writeBrokerLoad2OrNull,
  writePosition,
  writeString,
} from './shared.ts'

export function readFetch(from: AvroReader): Message<'Fetch'> {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    offset: from.long(),
    maxBytes: from.int(),
    waitMs: from.int(),
    tokenTerm: from.int(),
    tokenIndex: from.long(),
    replica: from.boolean(),
    tokenSeal: from.string(),
    topicId: from.string(),
    linearizable: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
export function writeFetch(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.long(value.offset)
  to.int(value.maxBytes)
  to.int(value.waitMs)
  to.int(value.tokenTerm === undefined ? 0 : value.tokenTerm)
  to.long(value.tokenIndex === undefined ? 0 : value.tokenIndex)
  to.boolean(value.replica === undefined ? false : value.replica)
  to.string(value.tokenSeal === undefined ? "" : value.tokenSeal)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}
export function writeFetchOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.long(value.offset)
  to.int(value.maxBytes)
  to.int(value.waitMs)
  to.int(value.tokenTerm === undefined ? 0 : value.tokenTerm)
  to.long(value.tokenIndex === undefined ? 0 : value.tokenIndex)
  to.boolean(value.replica === undefined ? false : value.replica)
  to.string(value.tokenSeal === undefined ? "" : value.tokenSeal)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  to.present(null)
}

export function readFetchReply(from: AvroReader): Message<'FetchReply'> {
  return {
    correlation: from.long(),
    nextOffset: from.long(),
    highWatermark: from.long(),
    logStart: from.long(),
    rulesVersion: from.long(),
  }
}
export function writeFetchReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.nextOffset)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.rulesVersion === undefined ? 0 : value.rulesVersion)
}

export function readFindOffset(from: AvroReader): Message<'FindOffset'> {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    position: readPosition(from),
    topicId: from.string(),
    linearizable: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
export function writeFindOffset(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  writePosition(to, value.position)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}
export function writeFindOffsetOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  writePosition(to, value.position)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  to.present(null)
}

export function readFindOffsetReply(from: AvroReader): Message<'FindOffsetReply'> {
  return {
    correlation: from.long(),
    offset: from.long(),
    highWatermark: from.long(),
    logStart: from.long(),
    fence: from.long(),
  }
}
export function writeFindOffsetReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.offset)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.fence === undefined ? -1 : value.fence)
}

export function readBrokers(from: AvroReader): Message<'Brokers'> {
  return {
    correlation: from.long(),
  }
}
export function writeBrokers(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

function readLevelBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    level: from.int(),
    alive: from.boolean(),
    rack: from.string(),
    load: readBrokerLoad2OrNull(from),
    topics: from.list(1000, readString),
  }
}
function writeLevelBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.int(value.level)
  to.boolean(value.alive)
  to.string(value.rack)
  writeBrokerLoad2OrNull(to, value.load)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}

export function readBrokersReply(from: AvroReader): Message<'BrokersReply'> {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    brokers: from.list(20000, readLevelBroker),
  }
}
export function writeBrokersReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.list(value.brokers, writeLevelBroker)
}
