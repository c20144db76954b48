// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readInt,
  readString,
  writeAskerOrNull,
  writeInt,
  writeString,
} from './shared.ts'

function readFounder(from: AvroReader) {
  return {
    id: from.int(),
    directoryId: from.string(),
    peer: from.string(),
  }
}
function writeFounder(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.directoryId)
  to.string(value.peer)
}

function readClusterRecord(from: AvroReader) {
  return {
    version: from.int(),
    clusterId: from.string(),
    voters: from.list(1000, readFounder),
  }
}
function writeClusterRecord(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.version === undefined ? 1 : value.version)
  to.string(value.clusterId)
  to.list(value.voters, writeFounder)
}

export function readFormation(from: AvroReader): Message<'Formation'> {
  return {
    correlation: from.long(),
    record: readClusterRecord(from),
  }
}
export function writeFormation(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeClusterRecord(to, value.record)
}

export function readFormationReply(from: AvroReader): Message<'FormationReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeFormationReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readJoin(from: AvroReader): Message<'Join'> {
  return {
    correlation: from.long(),
  }
}
export function writeJoin(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readJoinReply(from: AvroReader): Message<'JoinReply'> {
  return {
    correlation: from.long(),
    record: readClusterRecord(from),
    admission: from.long(),
    addresses: from.list(10000, readString),
  }
}
export function writeJoinReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeClusterRecord(to, value.record)
  to.long(value.admission)
  to.list(value.addresses, writeString)
}

export function readDriveChange(from: AvroReader): Message<'DriveChange'> {
  return {
    correlation: from.long(),
    group: from.long(),
    change: from.long(),
  }
}
export function writeDriveChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.change)
}

export function readDriveChangeReply(from: AvroReader): Message<'DriveChangeReply'> {
  return {
    correlation: from.long(),
    state: from.string(),
    reason: from.string(),
  }
}
export function writeDriveChangeReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.state)
  to.string(value.reason)
}

export function readChangeMetadataVoters(from: AvroReader): Message<'ChangeMetadataVoters'> {
  return {
    correlation: from.long(),
    voters: from.list(1000, readInt),
    asker: readAskerOrNull(from),
  }
}
export function writeChangeMetadataVoters(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.voters, writeInt)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readChangeMetadataVotersReply(from: AvroReader): Message<'ChangeMetadataVotersReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeChangeMetadataVotersReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readCancelChange(from: AvroReader): Message<'CancelChange'> {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeCancelChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readCancelChangeReply(from: AvroReader): Message<'CancelChangeReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeCancelChangeReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}
