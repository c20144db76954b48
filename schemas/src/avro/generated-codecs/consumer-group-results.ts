// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readString,
  writeString,
} from './shared.ts'

function readLeased(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
  }
}
function writeLeased(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
}

function readPlace(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
  }
}
function writePlace(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
}

function readDue(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    offset: from.long(),
    attempt: from.int(),
    token: from.long(),
  }
}
function writeDue(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.offset)
  to.int(value.attempt)
  to.long(value.token)
}

export function readBeaten(from: AvroReader) {
  return {
    epoch: from.int(),
    heartbeatMs: from.int(),
    assignment: from.list(10000, readLeased),
    revoke: from.list(10000, readPlace),
    due: from.list(1000, readDue),
    heedsDeclined: from.boolean(),
  }
}
export function writeBeaten(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.epoch)
  to.int(value.heartbeatMs)
  to.list(value.assignment, writeLeased)
  to.list(value.revoke, writePlace)
  to.list(value.due, writeDue)
  to.boolean(value.heedsDeclined === undefined ? false : value.heedsDeclined)
}

export function readCommitted(from: AvroReader) {
  return {
    fenced: from.list(10000, readPlace),
  }
}
export function writeCommitted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.fenced, writePlace)
}

export function readAltered(_from: AvroReader) {
  return {
  }
}
export function writeAltered(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

function readHeldRecord(from: AvroReader) {
  return {
    topic: from.string(),
    partition: from.int(),
    offset: from.long(),
    sinceMs: from.long(),
  }
}
function writeHeldRecord(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.sinceMs)
}

function readMember(from: AvroReader) {
  return {
    id: from.string(),
    instance: from.string(),
    clientId: from.string(),
    host: from.string(),
    principal: from.string(),
    rack: from.string(),
    sessionMs: from.int(),
    epoch: from.int(),
    topics: from.list(1000, readString),
    patterns: from.list(100, readString),
    stuck: from.list(1000, readHeldRecord),
  }
}
function writeMember(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.string(value.instance)
  to.string(value.clientId)
  to.string(value.host)
  to.string(value.principal)
  to.string(value.rack)
  to.int(value.sessionMs)
  to.int(value.epoch)
  to.list(value.topics, writeString)
  to.list(value.patterns, writeString)
  to.list(value.stuck, writeHeldRecord)
}

function readProgress(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    member: from.string(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
    committedAt: from.long(),
    end: from.long(),
    lag: from.long(),
  }
}
function writeProgress(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.string(value.member)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
  to.long(value.committedAt)
  to.long(value.end)
  to.long(value.lag)
}

export function readDescribed(from: AvroReader) {
  return {
    state: from.string(),
    epoch: from.int(),
    members: from.list(10000, readMember),
    partitions: from.list(100000, readProgress),
    delayed: from.int(),
  }
}
export function writeDescribed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.state)
  to.int(value.epoch)
  to.list(value.members, writeMember)
  to.list(value.partitions, writeProgress)
  to.int(value.delayed)
}

function readListedGroup(from: AvroReader) {
  return {
    group: from.string(),
    state: from.string(),
    members: from.int(),
    topics: from.list(10000, readString),
    lag: from.long(),
    stuck: from.int(),
  }
}
function writeListedGroup(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.group)
  to.string(value.state)
  to.int(value.members)
  to.list(value.topics, writeString)
  to.long(value.lag)
  to.int(value.stuck === undefined ? 0 : value.stuck)
}

export function readListed(from: AvroReader) {
  return {
    groups: from.list(100000, readListedGroup),
  }
}
export function writeListed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.groups, writeListedGroup)
}
