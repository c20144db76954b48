// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readErrorFields2,
  writeErrorFields2,
} from './shared.ts'

export function readHello(from: AvroReader): Message<'Hello'> {
  return {
    protocol: from.int(),
    schemas: from.string(),
    brokerId: from.int(),
    directoryId: from.string(),
    incarnation: from.string(),
    clusterId: from.string(),
    peer: from.string(),
    http: from.string(),
    formed: from.boolean(),
  }
}
export function writeHello(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.protocol)
  to.string(value.schemas)
  to.int(value.brokerId)
  to.string(value.directoryId)
  to.string(value.incarnation)
  to.string(value.clusterId)
  to.string(value.peer)
  to.string(value.http)
  to.boolean(value.formed)
}

function readErrorFields(from: AvroReader) {
  return {
    code: from.string(),
    message: from.string(),
    retriable: from.boolean(),
    hint: from.string(),
  }
}
function writeErrorFields(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.code)
  to.string(value.message)
  to.boolean(value.retriable)
  to.string(value.hint)
}

function readErrorFieldsOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readErrorFields(from)
}
function writeErrorFieldsOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeErrorFields(to, value)
}

export function readHelloReply(from: AvroReader): Message<'HelloReply'> {
  return {
    brokerId: from.int(),
    directoryId: from.string(),
    incarnation: from.string(),
    clusterId: from.string(),
    peer: from.string(),
    http: from.string(),
    formed: from.boolean(),
    protocolJson: from.string(),
    error: readErrorFieldsOrNull(from),
  }
}
export function writeHelloReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.brokerId)
  to.string(value.directoryId)
  to.string(value.incarnation)
  to.string(value.clusterId)
  to.string(value.peer)
  to.string(value.http)
  to.boolean(value.formed)
  to.string(value.protocolJson)
  writeErrorFieldsOrNull(to, value.error)
}

export function readFailure(from: AvroReader): Message<'Failure'> {
  return {
    correlation: from.long(),
    error: readErrorFields2(from),
  }
}
export function writeFailure(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeErrorFields2(to, value.error)
}

export function readSchemas(from: AvroReader): Message<'Schemas'> {
  return {
    fingerprint: from.string(),
    protocolJson: from.string(),
  }
}
export function writeSchemas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.fingerprint)
  to.string(value.protocolJson)
}

export function readChallenge(from: AvroReader): Message<'Challenge'> {
  return {
    protocol: from.int(),
  }
}
export function writeChallenge(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.protocol)
}

export function readAuthenticate(from: AvroReader): Message<'Authenticate'> {
  return {
    correlation: from.long(),
    mechanism: from.string(),
    data: from.string(),
  }
}
export function writeAuthenticate(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.mechanism)
  to.string(value.data)
}

export function readAuthenticateReply(from: AvroReader): Message<'AuthenticateReply'> {
  return {
    correlation: from.long(),
    data: from.string(),
    done: from.boolean(),
    principal: from.string(),
    expiresAt: from.long(),
  }
}
export function writeAuthenticateReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.data)
  to.boolean(value.done)
  to.string(value.principal)
  to.long(value.expiresAt)
}
