// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readEntry,
  writeAskerOrNull,
  writeEntry,
} from './shared.ts'

export function readSnapshot(from: AvroReader): Message<'Snapshot'> {
  return {
    group: from.long(),
    term: from.int(),
    lastIndex: from.long(),
    lastTerm: from.int(),
    source: from.int(),
  }
}
export function writeSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
  to.int(value.source)
}

export function readCopyOpen(from: AvroReader): Message<'CopyOpen'> {
  return {
    correlation: from.long(),
    group: from.long(),
    lastIndex: from.long(),
    lastTerm: from.int(),
  }
}
export function writeCopyOpen(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
}

export function readCopyOpenReply(from: AvroReader): Message<'CopyOpenReply'> {
  return {
    correlation: from.long(),
    copy: from.long(),
    crc32c: from.long(),
  }
}
export function writeCopyOpenReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.long(value.crc32c)
}

export function readCopyRead(from: AvroReader): Message<'CopyRead'> {
  return {
    correlation: from.long(),
    copy: from.long(),
    file: from.string(),
    position: from.long(),
    maxBytes: from.int(),
  }
}
export function writeCopyRead(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.string(value.file)
  to.long(value.position)
  to.int(value.maxBytes)
}

export function readCopyReadReply(from: AvroReader): Message<'CopyReadReply'> {
  return {
    correlation: from.long(),
    crc32c: from.long(),
  }
}
export function writeCopyReadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.crc32c)
}

export function readCopyClose(from: AvroReader): Message<'CopyClose'> {
  return {
    correlation: from.long(),
    copy: from.long(),
    damaged: from.boolean(),
  }
}
export function writeCopyClose(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.boolean(value.damaged === undefined ? false : value.damaged)
}

export function readCopyCloseReply(from: AvroReader): Message<'CopyCloseReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeCopyCloseReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readReadEntries(from: AvroReader): Message<'ReadEntries'> {
  return {
    correlation: from.long(),
    group: from.long(),
    firstIndex: from.long(),
    lastIndex: from.long(),
    maxBytes: from.int(),
  }
}
export function writeReadEntries(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.firstIndex)
  to.long(value.lastIndex)
  to.int(value.maxBytes)
}

export function readReadEntriesReply(from: AvroReader): Message<'ReadEntriesReply'> {
  return {
    correlation: from.long(),
    entries: from.list(250000, readEntry),
    logStart: from.long(),
    logEnd: from.long(),
  }
}
export function writeReadEntriesReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.entries, writeEntry)
  to.long(value.logStart === undefined ? 0 : value.logStart)
  to.long(value.logEnd === undefined ? 0 : value.logEnd)
}

export function readTakeSnapshot(from: AvroReader): Message<'TakeSnapshot'> {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeTakeSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readTakeSnapshotReply(from: AvroReader): Message<'TakeSnapshotReply'> {
  return {
    correlation: from.long(),
    index: from.long(),
    term: from.int(),
    at: from.long(),
    bytes: from.long(),
  }
}
export function writeTakeSnapshotReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.index)
  to.int(value.term)
  to.long(value.at)
  to.long(value.bytes)
}

export function readOfferSnapshot(from: AvroReader): Message<'OfferSnapshot'> {
  return {
    correlation: from.long(),
    group: from.long(),
    source: from.int(),
    index: from.long(),
    term: from.int(),
    asker: readAskerOrNull(from),
  }
}
export function writeOfferSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.source)
  to.long(value.index)
  to.int(value.term)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readOfferSnapshotReply(from: AvroReader): Message<'OfferSnapshotReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeOfferSnapshotReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}
