// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readBrokerLoad2OrNull,
  readCondition,
  readInt,
  readIntOrNull,
  readLevelRange,
  readLevelRangeOrNull,
  readString,
  writeAskerOrNull,
  writeBrokerLoad2OrNull,
  writeCondition,
  writeInt,
  writeIntOrNull,
  writeLevelRange,
  writeLevelRangeOrNull,
  writeString,
} from './shared.ts'

function readConditionOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readCondition(from)
}
function writeConditionOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeCondition(to, value)
}

function readCascadeReport(from: AvroReader) {
  return {
    broker: from.int(),
    directoryId: from.string(),
    http: from.string(),
    level: from.int(),
    home: from.int(),
    source: from.int(),
    pinned: from.int(),
    lagRecords: from.long(),
    lagBytes: from.long(),
    lagMs: from.long(),
    partitions: from.long(),
    stopped: from.long(),
    ageMs: from.long(),
    featureLevels: readLevelRange(from),
    condition: readConditionOrNull(from),
    overtaken: from.long(),
    missedRecords: from.long(),
    rack: from.string(),
    connections: from.int(),
    sentBytesPerSecond: from.long(),
    clientBytesPerSecond: from.long(),
    copiedBytesPerSecond: from.long(),
    topics: from.list(1000, readString),
  }
}
function writeCascadeReport(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.string(value.directoryId)
  to.string(value.http)
  to.int(value.level)
  to.int(value.home)
  to.int(value.source)
  to.int(value.pinned)
  to.long(value.lagRecords)
  to.long(value.lagBytes === undefined ? 0 : value.lagBytes)
  to.long(value.lagMs)
  to.long(value.partitions)
  to.long(value.stopped)
  to.long(value.ageMs)
  writeLevelRange(to, value.featureLevels)
  writeConditionOrNull(to, value.condition === undefined ? null : value.condition)
  to.long(value.overtaken === undefined ? 0 : value.overtaken)
  to.long(value.missedRecords === undefined ? 0 : value.missedRecords)
  to.string(value.rack === undefined ? "" : value.rack)
  to.int(value.connections === undefined ? -1 : value.connections)
  to.long(value.sentBytesPerSecond === undefined ? -1 : value.sentBytesPerSecond)
  to.long(value.clientBytesPerSecond === undefined ? -1 : value.clientBytesPerSecond)
  to.long(value.copiedBytesPerSecond === undefined ? -1 : value.copiedBytesPerSecond)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}

export function readCascadeBeat(from: AvroReader): Message<'CascadeBeat'> {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    broker: from.int(),
    reports: from.list(10000, readCascadeReport),
    after: from.int(),
    ages: from.list(10000, readInt),
    gone: from.list(10000, readInt),
    list: from.int(),
  }
}
export function writeCascadeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.int(value.broker)
  to.list(value.reports, writeCascadeReport)
  to.int(value.after === undefined ? 0 : value.after)
  to.list(value.ages === undefined ? [] : value.ages, writeInt)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
  to.int(value.list === undefined ? -1 : value.list)
}

function readAssignment(from: AvroReader) {
  return {
    broker: from.int(),
    source: from.int(),
    pin: readIntOrNull(from),
  }
}
function writeAssignment(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.source)
  writeIntOrNull(to, value.pin)
}

function readClusterBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    peer: from.string(),
    level: from.int(),
    alive: from.boolean(),
    pid: from.long(),
    featureLevels: readLevelRangeOrNull(from),
    rack: from.string(),
    load: readBrokerLoad2OrNull(from),
    topics: from.list(1000, readString),
  }
}
function writeClusterBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.string(value.peer)
  to.int(value.level)
  to.boolean(value.alive)
  to.long(value.pid)
  writeLevelRangeOrNull(to, value.featureLevels)
  to.string(value.rack === undefined ? "" : value.rack)
  writeBrokerLoad2OrNull(to, value.load === undefined ? null : value.load)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}

export function readCascadeBeatReply(from: AvroReader): Message<'CascadeBeatReply'> {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    broker: from.int(),
    level: from.int(),
    ancestors: from.list(10000, readInt),
    assignments: from.list(10000, readAssignment),
    metadataLeader: from.int(),
    featureLevel: readIntOrNull(from),
    brokers: from.list(20000, readClusterBroker),
    topics: from.string(),
    topicsVersion: from.long(),
    caughtUp: from.boolean(),
    security: from.string(),
    taken: from.int(),
    list: from.int(),
    listAfter: from.int(),
    gone: from.list(20000, readInt),
  }
}
export function writeCascadeBeatReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.int(value.broker)
  to.int(value.level)
  to.list(value.ancestors, writeInt)
  to.list(value.assignments, writeAssignment)
  to.int(value.metadataLeader)
  writeIntOrNull(to, value.featureLevel)
  to.list(value.brokers, writeClusterBroker)
  to.string(value.topics)
  to.long(value.topicsVersion)
  to.boolean(value.caughtUp)
  to.string(value.security === undefined ? "" : value.security)
  to.int(value.taken === undefined ? 0 : value.taken)
  to.int(value.list === undefined ? 0 : value.list)
  to.int(value.listAfter === undefined ? 0 : value.listAfter)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
}

export function readCascadeReports(from: AvroReader): Message<'CascadeReports'> {
  return {
    correlation: from.long(),
    reports: from.list(10000, readCascadeReport),
    after: from.int(),
    ages: from.list(10000, readInt),
    gone: from.list(10000, readInt),
    list: from.int(),
  }
}
export function writeCascadeReports(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.reports, writeCascadeReport)
  to.int(value.after === undefined ? 0 : value.after)
  to.list(value.ages === undefined ? [] : value.ages, writeInt)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
  to.int(value.list === undefined ? -1 : value.list)
}

export function readCascadeReportsReply(from: AvroReader): Message<'CascadeReportsReply'> {
  return {
    correlation: from.long(),
    assignments: from.list(10000, readAssignment),
    cascades: from.list(10000, readClusterBroker),
    taken: from.int(),
    list: from.int(),
    listAfter: from.int(),
    gone: from.list(20000, readInt),
  }
}
export function writeCascadeReportsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.assignments, writeAssignment)
  to.list(value.cascades, writeClusterBroker)
  to.int(value.taken === undefined ? 0 : value.taken)
  to.int(value.list === undefined ? 0 : value.list)
  to.int(value.listAfter === undefined ? 0 : value.listAfter)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
}

export function readCascadeStatus(from: AvroReader): Message<'CascadeStatus'> {
  return {
    correlation: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeCascadeStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readCascadeReport2(from: AvroReader) {
  return {
    broker: from.int(),
    directoryId: from.string(),
    http: from.string(),
    level: from.int(),
    home: from.int(),
    source: from.int(),
    pinned: from.int(),
    lagRecords: from.long(),
    lagBytes: from.long(),
    lagMs: from.long(),
    partitions: from.long(),
    stopped: from.long(),
    ageMs: from.long(),
    featureLevels: readLevelRange(from),
    assigned: from.int(),
    condition: readConditionOrNull(from),
    overtaken: from.long(),
    missedRecords: from.long(),
    rack: from.string(),
    connections: from.int(),
    sentBytesPerSecond: from.long(),
    clientBytesPerSecond: from.long(),
    copiedBytesPerSecond: from.long(),
    topics: from.list(1000, readString),
  }
}
function writeCascadeReport2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.string(value.directoryId)
  to.string(value.http)
  to.int(value.level)
  to.int(value.home)
  to.int(value.source)
  to.int(value.pinned)
  to.long(value.lagRecords)
  to.long(value.lagBytes === undefined ? 0 : value.lagBytes)
  to.long(value.lagMs)
  to.long(value.partitions)
  to.long(value.stopped)
  to.long(value.ageMs)
  writeLevelRange(to, value.featureLevels)
  to.int(value.assigned)
  writeConditionOrNull(to, value.condition === undefined ? null : value.condition)
  to.long(value.overtaken === undefined ? 0 : value.overtaken)
  to.long(value.missedRecords === undefined ? 0 : value.missedRecords)
  to.string(value.rack === undefined ? "" : value.rack)
  to.int(value.connections === undefined ? -1 : value.connections)
  to.long(value.sentBytesPerSecond === undefined ? -1 : value.sentBytesPerSecond)
  to.long(value.clientBytesPerSecond === undefined ? -1 : value.clientBytesPerSecond)
  to.long(value.copiedBytesPerSecond === undefined ? -1 : value.copiedBytesPerSecond)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}

export function readCascadeStatusReply(from: AvroReader): Message<'CascadeStatusReply'> {
  return {
    correlation: from.long(),
    brokers: from.list(10000, readCascadeReport2),
  }
}
export function writeCascadeStatusReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.brokers, writeCascadeReport2)
}
