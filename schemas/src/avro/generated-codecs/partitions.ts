// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readInt,
  readLong,
  writeAskerOrNull,
  writeInt,
  writeLong,
} from './shared.ts'

export function readPartitionStatus(from: AvroReader): Message<'PartitionStatus'> {
  return {
    correlation: from.long(),
    groups: from.list(100000, readLong),
    asker: readAskerOrNull(from),
  }
}
export function writePartitionStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.groups, writeLong)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readFigures(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    inSync: from.list(1000, readInt),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
function writeFigures(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.list(value.inSync, writeInt)
  to.long(value.logStart)
  to.long(value.highWatermark)
}

export function readPartitionStatusReply(from: AvroReader): Message<'PartitionStatusReply'> {
  return {
    correlation: from.long(),
    partitions: from.list(100000, readFigures),
  }
}
export function writePartitionStatusReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.partitions, writeFigures)
}

function readWatchedEnd(from: AvroReader) {
  return {
    group: from.long(),
    offset: from.long(),
  }
}
function writeWatchedEnd(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.offset)
}

export function readWatchEnds(from: AvroReader): Message<'WatchEnds'> {
  return {
    correlation: from.long(),
    session: from.long(),
    begins: from.boolean(),
    added: from.list(10000, readWatchedEnd),
    dropped: from.list(10000, readLong),
    waitMs: from.int(),
  }
}
export function writeWatchEnds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.session)
  to.boolean(value.begins)
  to.list(value.added, writeWatchedEnd)
  to.list(value.dropped, writeLong)
  to.int(value.waitMs)
}

export function readWatchEndsReply(from: AvroReader): Message<'WatchEndsReply'> {
  return {
    correlation: from.long(),
    known: from.boolean(),
    moved: from.list(10000, readLong),
  }
}
export function writeWatchEndsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.boolean(value.known)
  to.list(value.moved, writeLong)
}

export function readDeleteRecords(from: AvroReader): Message<'DeleteRecords'> {
  return {
    correlation: from.long(),
    group: from.long(),
    before: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeDeleteRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.before)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readDeleteRecordsReply(from: AvroReader): Message<'DeleteRecordsReply'> {
  return {
    correlation: from.long(),
    logStart: from.long(),
  }
}
export function writeDeleteRecordsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.logStart)
}
