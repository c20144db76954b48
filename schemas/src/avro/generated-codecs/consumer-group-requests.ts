// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readString,
  writeString,
} from './shared.ts'

function readSubscription(from: AvroReader) {
  return {
    topics: from.list(1000, readString),
    patterns: from.list(100, readString),
  }
}
function writeSubscription(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.topics, writeString)
  to.list(value.patterns, writeString)
}

function readSubscriptionOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readSubscription(from)
}
function writeSubscriptionOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeSubscription(to, value)
}

function readOwned(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
  }
}
function writeOwned(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
}

function readStuck(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    offset: from.long(),
    sinceMs: from.long(),
  }
}
function writeStuck(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.sinceMs)
}

function readDeclined(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    ended: from.boolean(),
  }
}
function writeDeclined(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.boolean(value.ended)
}

export function readBeat2(from: AvroReader) {
  return {
    epoch: from.int(),
    clientId: from.string(),
    instance: from.string(),
    rack: from.string(),
    sessionMs: from.int(),
    waitMs: from.int(),
    subscribed: readSubscriptionOrNull(from),
    owned: from.list(10000, readOwned),
    stuck: from.list(1000, readStuck),
    number: from.long(),
    via: from.string(),
    declined: from.list(1000, readDeclined),
  }
}
export function writeBeat2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.epoch)
  to.string(value.clientId)
  to.string(value.instance)
  to.string(value.rack)
  to.int(value.sessionMs)
  to.int(value.waitMs)
  writeSubscriptionOrNull(to, value.subscribed)
  to.list(value.owned, writeOwned)
  to.list(value.stuck, writeStuck)
  to.long(value.number === undefined ? 0 : value.number)
  to.string(value.via === undefined ? "" : value.via)
  to.list(value.declined === undefined ? [] : value.declined, writeDeclined)
}

function readPosition2(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
    done: from.boolean(),
  }
}
function writePosition2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
  to.boolean(value.done)
}

export function readCommit(from: AvroReader) {
  return {
    positions: from.list(10000, readPosition2),
  }
}
export function writeCommit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.positions, writePosition2)
}

export function readDelay(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    delayMs: from.long(),
    attempt: from.int(),
  }
}
export function writeDelay(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.long(value.delayMs)
  to.int(value.attempt)
}

export function readDescribe(_from: AvroReader) {
  return {
  }
}
export function writeDescribe(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

export function readList(from: AvroReader) {
  return {
    partition: from.int(),
  }
}
export function writeList(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
}

export function readAlter(from: AvroReader) {
  return {
    remove: from.boolean(),
    positions: from.list(10000, readPosition2),
  }
}
export function writeAlter(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.remove)
  to.list(value.positions, writePosition2)
}
