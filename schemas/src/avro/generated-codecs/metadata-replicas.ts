// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readInt,
  readIntOrNull,
  writeInt,
  writeIntOrNull,
} from './shared.ts'

export function readAssignReplicas(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    replicas: from.list(1000, readInt),
    from: from.list(1000, readInt),
  }
}
export function writeAssignReplicas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.list(value.replicas, writeInt)
  to.list(value.from === undefined ? [] : value.from, writeInt)
}

export function readCancelChange2(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
  }
}
export function writeCancelChange2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
}

export function readReplicasChanged(from: AvroReader) {
  return {
    group: from.long(),
    change: from.long(),
    outcome: from.string(),
    reason: from.string(),
  }
}
export function writeReplicasChanged(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.change)
  to.string(value.outcome)
  to.string(value.reason)
}

export function readForceReplicas(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    members: from.list(1000, readInt),
    leader: from.int(),
    lost: from.list(1000, readInt),
    term: readIntOrNull(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeForceReplicas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.list(value.members, writeInt)
  to.int(value.leader)
  to.list(value.lost, writeInt)
  writeIntOrNull(to, value.term === undefined ? null : value.term)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readReplicaDropped(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
  }
}
export function writeReplicaDropped(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
}

export function readSetPriority(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
    factor: from.int(),
  }
}
export function writeSetPriority(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
  to.int(value.factor)
}

export function readSetBalancing(from: AvroReader) {
  return {
    balancing: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeSetBalancing(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.balancing)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}
