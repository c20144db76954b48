// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'

function readLongOrBooleanOrNull(from: AvroReader) {
  const branch = from.branch(3)
  if (branch === 0) return null
  return branch === 1 ? from.long() : from.boolean()
}
function writeLongOrBooleanOrNull(to: AvroWriter, value: unknown): void {
  if (value === null) return to.branch(0)
  const isFirst = typeof value === 'number'
  to.branch(isFirst ? 1 : 2)
  if (isFirst) to.long(value)
  else to.boolean(value)
}

function readSetting(from: AvroReader) {
  return {
    name: from.string(),
    value: readLongOrBooleanOrNull(from),
  }
}
function writeSetting(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  writeLongOrBooleanOrNull(to, value.value)
}

export function readCreateTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
    replicas: from.int(),
    config: from.list(100, readSetting),
  }
}
export function writeCreateTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
  to.int(value.replicas)
  to.list(value.config, writeSetting)
}

export function readDeleteTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
  }
}
export function writeDeleteTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
}

export function readSetTopicConfig(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    changes: from.list(100, readSetting),
  }
}
export function writeSetTopicConfig(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.list(value.changes, writeSetting)
}

export function readAllocateProducerIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
  }
}
export function writeAllocateProducerIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
}

export function readAllocateOwnedIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
    principal: from.string(),
  }
}
export function writeAllocateOwnedIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
  to.string(value.principal)
}

export function readAddPartitions(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
  }
}
export function writeAddPartitions(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
}

export function readRecordsDeleted(from: AvroReader) {
  return {
    group: from.long(),
    before: from.long(),
  }
}
export function writeRecordsDeleted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.before)
}
