// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAcl,
  readAskerOrNull,
  readLongOrNull,
  readQuotaEntity,
  readQuotaLimit,
  readScram,
  readToken,
  writeAcl,
  writeAskerOrNull,
  writeLongOrNull,
  writeQuotaEntity,
  writeQuotaLimit,
  writeScram,
  writeToken,
} from './shared.ts'

export function readCascadeTopics(from: AvroReader): Message<'CascadeTopics'> {
  return {
    correlation: from.long(),
    from: from.int(),
  }
}
export function writeCascadeTopics(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.from)
}

function readBooleanOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.boolean()
}
function writeBooleanOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.boolean(value)
}

function readTopicConfig(from: AvroReader) {
  return {
    maxBatchBytes: readLongOrNull(from),
    retentionBytes: readLongOrNull(from),
    retentionMs: readLongOrNull(from),
    readOnly: readBooleanOrNull(from),
    timestampBeforeMaxMs: readLongOrNull(from),
    timestampAfterMaxMs: readLongOrNull(from),
    segmentBytes: readLongOrNull(from),
    segmentMs: readLongOrNull(from),
    minInsyncReplicas: readLongOrNull(from),
  }
}
function writeTopicConfig(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeLongOrNull(to, value.maxBatchBytes === undefined ? null : value.maxBatchBytes)
  writeLongOrNull(to, value.retentionBytes === undefined ? null : value.retentionBytes)
  writeLongOrNull(to, value.retentionMs === undefined ? null : value.retentionMs)
  writeBooleanOrNull(to, value.readOnly === undefined ? null : value.readOnly)
  writeLongOrNull(to, value.timestampBeforeMaxMs === undefined ? null : value.timestampBeforeMaxMs)
  writeLongOrNull(to, value.timestampAfterMaxMs === undefined ? null : value.timestampAfterMaxMs)
  writeLongOrNull(to, value.segmentBytes === undefined ? null : value.segmentBytes)
  writeLongOrNull(to, value.segmentMs === undefined ? null : value.segmentMs)
  writeLongOrNull(to, value.minInsyncReplicas === undefined ? null : value.minInsyncReplicas)
}

function readDeletedRecords(from: AvroReader) {
  return {
    partition: from.int(),
    before: from.long(),
  }
}
function writeDeletedRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.long(value.before)
}

function readTopicSummary(from: AvroReader) {
  return {
    name: from.string(),
    id: from.string(),
    partitions: from.int(),
    replicas: from.int(),
    config: readTopicConfig(from),
    deleted: from.list(100000, readDeletedRecords),
  }
}
function writeTopicSummary(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.id)
  to.int(value.partitions)
  to.int(value.replicas)
  writeTopicConfig(to, value.config)
  to.list(value.deleted === undefined ? [] : value.deleted, writeDeletedRecords)
}

export function readCascadeTopicsReply(from: AvroReader): Message<'CascadeTopicsReply'> {
  return {
    correlation: from.long(),
    digest: from.string(),
    version: from.long(),
    total: from.int(),
    topics: from.list(5000, readTopicSummary),
  }
}
export function writeCascadeTopicsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.digest)
  to.long(value.version)
  to.int(value.total)
  to.list(value.topics, writeTopicSummary)
}

export function readAssignSource(from: AvroReader): Message<'AssignSource'> {
  return {
    correlation: from.long(),
    broker: from.int(),
    source: from.int(),
    asker: readAskerOrNull(from),
  }
}
export function writeAssignSource(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.broker)
  to.int(value.source)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readAssignSourceReply(from: AvroReader): Message<'AssignSourceReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeAssignSourceReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readCascadeSecurity(from: AvroReader): Message<'CascadeSecurity'> {
  return {
    correlation: from.long(),
    from: from.int(),
  }
}
export function writeCascadeSecurity(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.from)
}

function readUser(from: AvroReader) {
  return {
    name: from.string(),
    scram: from.list(10, readScram),
  }
}
function writeUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.list(value.scram, writeScram)
}

function readQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    limits: from.list(100, readQuotaLimit),
  }
}
function writeQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.list(value.limits, writeQuotaLimit)
}

export function readCascadeSecurityReply(from: AvroReader): Message<'CascadeSecurityReply'> {
  return {
    correlation: from.long(),
    digest: from.string(),
    total: from.int(),
    users: from.list(5000, readUser),
    tokens: from.list(5000, readToken),
    acls: from.list(5000, readAcl),
    quotas: from.list(5000, readQuota),
    quotaTotal: from.int(),
  }
}
export function writeCascadeSecurityReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.digest)
  to.int(value.total)
  to.list(value.users, writeUser)
  to.list(value.tokens, writeToken)
  to.list(value.acls, writeAcl)
  to.list(value.quotas === undefined ? [] : value.quotas, writeQuota)
  to.int(value.quotaTotal === undefined ? -1 : value.quotaTotal)
}
