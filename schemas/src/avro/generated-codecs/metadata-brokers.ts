// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readInt,
  readLevelRangeOrNull,
  writeInt,
  writeLevelRangeOrNull,
} from './shared.ts'

function readBrokerRegistration(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    peer: from.string(),
    pid: from.long(),
    incarnation: from.string(),
    directoryId: from.string(),
    levels: readLevelRangeOrNull(from),
    rack: from.string(),
  }
}
function writeBrokerRegistration(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.string(value.peer)
  to.long(value.pid)
  to.string(value.incarnation)
  to.string(value.directoryId)
  writeLevelRangeOrNull(to, value.levels === undefined ? null : value.levels)
  to.string(value.rack === undefined ? "" : value.rack)
}

export function readRegisterBroker(from: AvroReader) {
  return {
    broker: readBrokerRegistration(from),
  }
}
export function writeRegisterBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeBrokerRegistration(to, value.broker)
}

function readJoiningBroker(from: AvroReader) {
  return {
    id: from.int(),
    directoryId: from.string(),
    peer: from.string(),
    http: from.string(),
  }
}
function writeJoiningBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.directoryId)
  to.string(value.peer)
  to.string(value.http)
}

export function readJoinBroker(from: AvroReader) {
  return {
    joining: readJoiningBroker(from),
    at: from.long(),
    broker: from.int(),
  }
}
export function writeJoinBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeJoiningBroker(to, value.joining)
  to.long(value.at)
  to.int(value.broker)
}

export function readRemoveBroker(from: AvroReader) {
  return {
    removed: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeRemoveBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.removed)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readForcedCluster(from: AvroReader) {
  return {
    members: from.list(1000, readInt),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeForcedCluster(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.members, writeInt)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readSetFeatureLevel(from: AvroReader) {
  return {
    level: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeSetFeatureLevel(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.level)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readSetDraining(from: AvroReader) {
  return {
    drained: from.int(),
    draining: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeSetDraining(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.drained)
  to.boolean(value.draining)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}
