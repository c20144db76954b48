// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'

export function readLongOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.long()
}
export function writeLongOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.long(value)
}

export function readErrorFields2(from: AvroReader) {
  return {
    code: from.string(),
    message: from.string(),
    retriable: from.boolean(),
    hint: from.string(),
    retryAfterMs: readLongOrNull(from),
    endOffset: readLongOrNull(from),
    fence: readLongOrNull(from),
  }
}
export function writeErrorFields2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.code)
  to.string(value.message)
  to.boolean(value.retriable)
  to.string(value.hint)
  writeLongOrNull(to, value.retryAfterMs === undefined ? null : value.retryAfterMs)
  writeLongOrNull(to, value.endOffset === undefined ? null : value.endOffset)
  writeLongOrNull(to, value.fence === undefined ? null : value.fence)
}

export function readEntry(from: AvroReader) {
  return {
    term: from.int(),
    kind: from.int(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    bytes: from.int(),
  }
}
export function writeEntry(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.term)
  to.int(value.kind)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.int(value.bytes)
}

export function readString(from: AvroReader) {
  return from.string()
}
export function writeString(to: AvroWriter, value: unknown): void {
  to.string(value)
}

function readVoucher(from: AvroReader) {
  return {
    principal: from.string(),
    host: from.string(),
  }
}
function writeVoucher(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.string(value.host)
}

function readAsker(from: AvroReader) {
  return {
    principal: from.string(),
    groups: from.list(1000, readString),
    host: from.string(),
    kind: from.string(),
    via: from.list(100, readVoucher),
    rulesVersion: from.long(),
  }
}
function writeAsker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.list(value.groups, writeString)
  to.string(value.host)
  to.string(value.kind)
  to.list(value.via === undefined ? [] : value.via, writeVoucher)
  to.long(value.rulesVersion === undefined ? 0 : value.rulesVersion)
}

export function readAskerOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readAsker(from)
}
export function writeAskerOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeAsker(to, value)
}

export function readInt(from: AvroReader) {
  return from.int()
}
export function writeInt(to: AvroWriter, value: unknown): void {
  to.int(value)
}

const allPositionKindSymbols = ['EARLIEST', 'LATEST', 'OFFSET', 'TIME'] as const

export function readPosition(from: AvroReader) {
  return {
    kind: from.symbol(allPositionKindSymbols),
    value: from.long(),
  }
}
export function writePosition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.symbol(allPositionKindSymbols, value.kind)
  to.long(value.value)
}

function readBrokerLoad2(from: AvroReader) {
  return {
    connections: from.int(),
    lagMs: from.long(),
    ready: from.boolean(),
  }
}
function writeBrokerLoad2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.connections)
  to.long(value.lagMs)
  to.boolean(value.ready)
}

export function readBrokerLoad2OrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readBrokerLoad2(from)
}
export function writeBrokerLoad2OrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeBrokerLoad2(to, value)
}

export function readLong(from: AvroReader) {
  return from.long()
}
export function writeLong(to: AvroWriter, value: unknown): void {
  to.long(value)
}

export function readLevelRange(from: AvroReader) {
  return {
    lowest: from.int(),
    highest: from.int(),
  }
}
export function writeLevelRange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.lowest)
  to.int(value.highest)
}

export function readLevelRangeOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readLevelRange(from)
}
export function writeLevelRangeOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeLevelRange(to, value)
}

export function readIntOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.int()
}
export function writeIntOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.int(value)
}

export function readScram(from: AvroReader) {
  return {
    mechanism: from.string(),
    salt: from.string(),
    iterations: from.int(),
    storedKey: from.string(),
    serverKey: from.string(),
  }
}
export function writeScram(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.mechanism)
  to.string(value.salt)
  to.int(value.iterations)
  to.string(value.storedKey)
  to.string(value.serverKey)
}

function readPattern(from: AvroReader) {
  return {
    type: from.string(),
    name: from.string(),
    pattern: from.string(),
  }
}
function writePattern(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.type)
  to.string(value.name)
  to.string(value.pattern)
}

function readScope(from: AvroReader) {
  return {
    operations: from.list(100, readString),
    resources: from.list(100, readPattern),
  }
}
function writeScope(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.operations, writeString)
  to.list(value.resources, writePattern)
}

function readScopeOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readScope(from)
}
function writeScopeOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeScope(to, value)
}

export function readToken(from: AvroReader) {
  return {
    id: from.string(),
    hash: from.string(),
    principal: from.string(),
    scope: readScopeOrNull(from),
    createdAt: from.long(),
    createdBy: from.string(),
    expiresAt: readLongOrNull(from),
  }
}
export function writeToken(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.string(value.hash)
  to.string(value.principal)
  writeScopeOrNull(to, value.scope === undefined ? null : value.scope)
  to.long(value.createdAt)
  to.string(value.createdBy)
  writeLongOrNull(to, value.expiresAt === undefined ? null : value.expiresAt)
}

export function readAcl(from: AvroReader) {
  return {
    principal: from.string(),
    host: from.string(),
    operation: from.string(),
    permission: from.string(),
    resource: readPattern(from),
  }
}
export function writeAcl(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.string(value.host)
  to.string(value.operation)
  to.string(value.permission)
  writePattern(to, value.resource)
}

export function readQuotaEntity(from: AvroReader) {
  return {
    principal: from.string(),
    clientId: from.string(),
    address: from.string(),
  }
}
export function writeQuotaEntity(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.string(value.clientId)
  to.string(value.address)
}

export function readQuotaLimit(from: AvroReader) {
  return {
    kind: from.string(),
    limit: from.long(),
  }
}
export function writeQuotaLimit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.kind)
  to.long(value.limit)
}

export function readStringOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.string()
}
export function writeStringOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.string(value)
}

export function readCondition(from: AvroReader) {
  return {
    ready: from.boolean(),
    reason: from.string(),
    writable: from.boolean(),
    freeBytes: from.long(),
    reserveBytes: from.long(),
    secondsUntilFull: readLongOrNull(from),
    checksumFailures: from.long(),
    quarantined: from.int(),
    stopped: from.int(),
  }
}
export function writeCondition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.ready)
  to.string(value.reason)
  to.boolean(value.writable)
  to.long(value.freeBytes)
  to.long(value.reserveBytes)
  writeLongOrNull(to, value.secondsUntilFull === undefined ? null : value.secondsUntilFull)
  to.long(value.checksumFailures)
  to.int(value.quarantined)
  to.int(value.stopped)
}
