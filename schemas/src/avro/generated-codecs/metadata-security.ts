// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAcl,
  readQuotaEntity,
  readQuotaLimit,
  readScram,
  readString,
  readToken,
  writeAcl,
  writeQuotaEntity,
  writeQuotaLimit,
  writeScram,
  writeString,
  writeToken,
} from './shared.ts'

export function readSetUser(from: AvroReader) {
  return {
    name: from.string(),
    scram: from.list(10, readScram),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeSetUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.list(value.scram, writeScram)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readDeleteUser(from: AvroReader) {
  return {
    name: from.string(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeDeleteUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readAddToken(from: AvroReader) {
  return {
    token: readToken(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeAddToken(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeToken(to, value.token)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readRemoveTokens(from: AvroReader) {
  return {
    ids: from.list(1000, readString),
    expired: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeRemoveTokens(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.ids, writeString)
  to.boolean(value.expired)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readAddAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeAddAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readRemoveAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeRemoveAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readSetQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    limits: from.list(100, readQuotaLimit),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeSetQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.list(value.limits, writeQuotaLimit)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

export function readRemoveQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
export function writeRemoveQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}
