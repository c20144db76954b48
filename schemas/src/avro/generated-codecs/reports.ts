// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readCondition,
  readInt,
  readIntOrNull,
  readStringOrNull,
  writeAskerOrNull,
  writeCondition,
  writeInt,
  writeIntOrNull,
  writeStringOrNull,
} from './shared.ts'

export function readGroupReport(from: AvroReader): Message<'GroupReport'> {
  return {
    correlation: from.long(),
    group: from.long(),
    tail: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
export function writeGroupReport(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.boolean(value.tail)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readAdmission(from: AvroReader) {
  return {
    broker: from.int(),
    admission: from.long(),
  }
}
function writeAdmission(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.long(value.admission)
}

function readConfiguration(from: AvroReader) {
  return {
    voters: from.list(1000, readInt),
    outgoing: from.list(1000, readInt),
    learners: from.list(10000, readInt),
    admissions: from.list(10000, readAdmission),
  }
}
function writeConfiguration(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.voters, writeInt)
  to.list(value.outgoing, writeInt)
  to.list(value.learners, writeInt)
  to.list(value.admissions, writeAdmission)
}

function readTarget(from: AvroReader) {
  return {
    voters: from.list(1000, readInt),
    learners: from.list(10000, readInt),
    admissions: from.list(10000, readAdmission),
  }
}
function writeTarget(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.voters, writeInt)
  to.list(value.learners, writeInt)
  to.list(value.admissions, writeAdmission)
}

function readTargetOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readTarget(from)
}
function writeTargetOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeTarget(to, value)
}

function readChange(from: AvroReader) {
  return {
    stage: from.string(),
    target: readTargetOrNull(from),
    round: from.int(),
    reason: readStringOrNull(from),
  }
}
function writeChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.stage)
  writeTargetOrNull(to, value.target)
  to.int(value.round)
  writeStringOrNull(to, value.reason)
}

function readOutcome(from: AvroReader) {
  return {
    outcome: from.string(),
    reason: from.string(),
  }
}
function writeOutcome(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.outcome)
  to.string(value.reason)
}

function readOutcomeOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readOutcome(from)
}
function writeOutcomeOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeOutcome(to, value)
}

function readFollower(from: AvroReader) {
  return {
    id: from.int(),
    matchIndex: from.long(),
    nextIndex: from.long(),
    state: from.string(),
    inflight: from.int(),
    active: from.boolean(),
  }
}
function writeFollower(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.long(value.matchIndex)
  to.long(value.nextIndex)
  to.string(value.state)
  to.int(value.inflight)
  to.boolean(value.active)
}

function readInstalling(from: AvroReader) {
  return {
    source: from.int(),
    receivedBytes: from.long(),
    totalBytes: from.long(),
  }
}
function writeInstalling(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.source)
  to.long(value.receivedBytes)
  to.long(value.totalBytes)
}

function readInstallingOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readInstalling(from)
}
function writeInstallingOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeInstalling(to, value)
}

function readLastSnapshot(from: AvroReader) {
  return {
    index: from.long(),
    term: from.int(),
    at: from.long(),
    bytes: from.long(),
  }
}
function writeLastSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.index)
  to.int(value.term)
  to.long(value.at)
  to.long(value.bytes)
}

function readLastSnapshotOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readLastSnapshot(from)
}
function writeLastSnapshotOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeLastSnapshot(to, value)
}

function readGroupStatus(from: AvroReader) {
  return {
    group: from.long(),
    role: from.string(),
    term: from.int(),
    leader: from.int(),
    asleep: from.boolean(),
    commitIndex: from.long(),
    lastIndex: from.long(),
    durableIndex: from.long(),
    prevIndex: from.long(),
    configuration: readConfiguration(from),
    configurationIndex: from.long(),
    change: readChange(from),
    lastChange: readOutcomeOrNull(from),
    transferringTo: readIntOrNull(from),
    electionFactor: from.int(),
    followers: from.list(10000, readFollower),
    voters: from.list(1000, readInt),
    inSync: from.list(1000, readInt),
    highWatermark: from.long(),
    logStart: from.long(),
    sizeBytes: from.long(),
    trouble: readStringOrNull(from),
    installing: readInstallingOrNull(from),
    snapshot: readLastSnapshotOrNull(from),
  }
}
function writeGroupStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.string(value.role)
  to.int(value.term)
  to.int(value.leader)
  to.boolean(value.asleep)
  to.long(value.commitIndex)
  to.long(value.lastIndex)
  to.long(value.durableIndex)
  to.long(value.prevIndex)
  writeConfiguration(to, value.configuration)
  to.long(value.configurationIndex)
  writeChange(to, value.change)
  writeOutcomeOrNull(to, value.lastChange)
  writeIntOrNull(to, value.transferringTo)
  to.int(value.electionFactor)
  to.list(value.followers, writeFollower)
  to.list(value.voters, writeInt)
  to.list(value.inSync, writeInt)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.sizeBytes)
  writeStringOrNull(to, value.trouble)
  writeInstallingOrNull(to, value.installing)
  writeLastSnapshotOrNull(to, value.snapshot)
}

function readBatchPlace(from: AvroReader) {
  return {
    baseOffset: from.long(),
    lastOffset: from.long(),
    bytes: from.int(),
  }
}
function writeBatchPlace(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.int(value.bytes)
}

function readBatchPlaceOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readBatchPlace(from)
}
function writeBatchPlaceOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeBatchPlace(to, value)
}

function readEntryState(from: AvroReader) {
  return {
    index: from.long(),
    term: readIntOrNull(from),
    kind: readIntOrNull(from),
    batch: readBatchPlaceOrNull(from),
    state: from.string(),
  }
}
function writeEntryState(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.index)
  writeIntOrNull(to, value.term)
  writeIntOrNull(to, value.kind)
  writeBatchPlaceOrNull(to, value.batch)
  to.string(value.state)
}

export function readGroupReportReply(from: AvroReader): Message<'GroupReportReply'> {
  return {
    correlation: from.long(),
    broker: from.int(),
    status: readGroupStatus(from),
    lastTerm: from.int(),
    tail: from.list(1000, readEntryState),
  }
}
export function writeGroupReportReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.broker)
  writeGroupStatus(to, value.status)
  to.int(value.lastTerm)
  to.list(value.tail, writeEntryState)
}

export function readBrokerCondition(from: AvroReader): Message<'BrokerCondition'> {
  return {
    correlation: from.long(),
  }
}
export function writeBrokerCondition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readBrokerConditionReply(from: AvroReader): Message<'BrokerConditionReply'> {
  return {
    correlation: from.long(),
    condition: readCondition(from),
  }
}
export function writeBrokerConditionReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeCondition(to, value.condition)
}

export function readBrokerLoad(from: AvroReader): Message<'BrokerLoad'> {
  return {
    correlation: from.long(),
  }
}
export function writeBrokerLoad(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

function readReplicaLoad(from: AvroReader) {
  return {
    group: from.long(),
    bytes: from.long(),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
function writeReplicaLoad(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.bytes)
  to.long(value.logStart)
  to.long(value.highWatermark)
}

export function readBrokerLoadReply(from: AvroReader): Message<'BrokerLoadReply'> {
  return {
    correlation: from.long(),
    freeBytes: from.long(),
    reserveBytes: from.long(),
    replicas: from.list(100000, readReplicaLoad),
  }
}
export function writeBrokerLoadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.freeBytes)
  to.long(value.reserveBytes)
  to.list(value.replicas, writeReplicaLoad)
}
