// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  writeAskerOrNull,
} from './shared.ts'

export function readTransferLeadership(from: AvroReader): Message<'TransferLeadership'> {
  return {
    correlation: from.long(),
    group: from.long(),
    to: from.int(),
    asker: readAskerOrNull(from),
  }
}
export function writeTransferLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.to)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readTransferLeadershipReply(from: AvroReader): Message<'TransferLeadershipReply'> {
  return {
    correlation: from.long(),
    leader: from.int(),
  }
}
export function writeTransferLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.leader)
}

export function readMayLead(from: AvroReader): Message<'MayLead'> {
  return {
    correlation: from.long(),
    group: from.long(),
  }
}
export function writeMayLead(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
}

export function readMayLeadReply(from: AvroReader): Message<'MayLeadReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeMayLeadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}

export function readReturnLeadership(from: AvroReader): Message<'ReturnLeadership'> {
  return {
    correlation: from.long(),
    group: from.long(),
    to: from.int(),
  }
}
export function writeReturnLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.to)
}

export function readReturnLeadershipReply(from: AvroReader): Message<'ReturnLeadershipReply'> {
  return {
    correlation: from.long(),
    outcome: from.string(),
  }
}
export function writeReturnLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.outcome)
}

export function readKeepLeadership(from: AvroReader): Message<'KeepLeadership'> {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
export function writeKeepLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

export function readKeepLeadershipReply(from: AvroReader): Message<'KeepLeadershipReply'> {
  return {
    correlation: from.long(),
  }
}
export function writeKeepLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}
