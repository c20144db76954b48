// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import { onlyKey } from '../only-key.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readStringOrNull,
  writeAskerOrNull,
  writeStringOrNull,
} from './shared.ts'

function readFork(from: AvroReader) {
  return {
    source: from.string(),
    offset: from.long(),
    sub: from.long(),
  }
}
function writeFork(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.source)
  to.long(value.offset)
  to.long(value.sub)
}

function readForkOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readFork(from)
}
function writeForkOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeFork(to, value)
}

function readCreate(from: AvroReader) {
  return {
    type: from.string(),
    ttl: from.long(),
    expiresAt: from.long(),
    closed: from.boolean(),
    fork: readForkOrNull(from),
    mark: from.string(),
  }
}
function writeCreate(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.type)
  to.long(value.ttl)
  to.long(value.expiresAt)
  to.boolean(value.closed)
  writeForkOrNull(to, value.fork)
  to.string(value.mark)
}

function readProducer(from: AvroReader) {
  return {
    id: from.string(),
    epoch: from.long(),
    seq: from.long(),
  }
}
function writeProducer(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.long(value.epoch)
  to.long(value.seq)
}

function readProducerOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readProducer(from)
}
function writeProducerOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeProducer(to, value)
}

function readAppend2(from: AvroReader) {
  return {
    type: from.string(),
    close: from.boolean(),
    seq: readStringOrNull(from),
    producer: readProducerOrNull(from),
  }
}
function writeAppend2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.type)
  to.boolean(value.close)
  writeStringOrNull(to, value.seq)
  writeProducerOrNull(to, value.producer)
}

function readRead(from: AvroReader) {
  return {
    id: from.string(),
    offset: from.long(),
    upTo: from.long(),
    maxBytes: from.int(),
  }
}
function writeRead(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.long(value.offset)
  to.long(value.upTo)
  to.int(value.maxBytes)
}

function readWait(from: AvroReader) {
  return {
    id: from.string(),
    offset: from.long(),
    waitMs: from.int(),
  }
}
function writeWait(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.long(value.offset)
  to.int(value.waitMs)
}

function readHead(_from: AvroReader) {
  return {
  }
}
function writeHead(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

function readDelete(_from: AvroReader) {
  return {
  }
}
function writeDelete(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

function readLend(from: AvroReader) {
  return {
    borrower: from.string(),
    borrowerId: from.string(),
    type: from.string(),
    offset: from.long(),
    sub: from.long(),
  }
}
function writeLend(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.borrower)
  to.string(value.borrowerId)
  to.string(value.type)
  to.long(value.offset)
  to.long(value.sub)
}

function readGiveBack(from: AvroReader) {
  return {
    id: from.string(),
    borrower: from.string(),
    borrowerId: from.string(),
  }
}
function writeGiveBack(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.string(value.borrower)
  to.string(value.borrowerId)
}

function readPlace2(from: AvroReader) {
  return {
    id: from.string(),
    offset: from.long(),
    sub: from.long(),
    upTo: from.long(),
  }
}
function writePlace2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.long(value.offset)
  to.long(value.sub)
  to.long(value.upTo)
}

function readExists(from: AvroReader) {
  return {
    id: from.string(),
  }
}
function writeExists(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
}

function readSubscription2(from: AvroReader) {
  return {
    act: from.string(),
  }
}
function writeSubscription2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.act)
}

function readOneOfCreateToSubscription(from: AvroReader) {
  switch (from.branch(11)) {
    case 0:
      return { 'tailrace.streams.Create': readCreate(from) }
    case 1:
      return { 'tailrace.streams.Append': readAppend2(from) }
    case 2:
      return { 'tailrace.streams.Read': readRead(from) }
    case 3:
      return { 'tailrace.streams.Wait': readWait(from) }
    case 4:
      return { 'tailrace.streams.Head': readHead(from) }
    case 5:
      return { 'tailrace.streams.Delete': readDelete(from) }
    case 6:
      return { 'tailrace.streams.Lend': readLend(from) }
    case 7:
      return { 'tailrace.streams.GiveBack': readGiveBack(from) }
    case 8:
      return { 'tailrace.streams.Place': readPlace2(from) }
    case 9:
      return { 'tailrace.streams.Exists': readExists(from) }
    case 10:
      return { 'tailrace.streams.Subscription': readSubscription2(from) }
    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function writeOneOfCreateToSubscription(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = onlyKey(to, value)
  switch (name) {
    case 'tailrace.streams.Create':
      to.branch(0)
      return writeCreate(to, value['tailrace.streams.Create'])
    case 'tailrace.streams.Append':
      to.branch(1)
      return writeAppend2(to, value['tailrace.streams.Append'])
    case 'tailrace.streams.Read':
      to.branch(2)
      return writeRead(to, value['tailrace.streams.Read'])
    case 'tailrace.streams.Wait':
      to.branch(3)
      return writeWait(to, value['tailrace.streams.Wait'])
    case 'tailrace.streams.Head':
      to.branch(4)
      return writeHead(to, value['tailrace.streams.Head'])
    case 'tailrace.streams.Delete':
      to.branch(5)
      return writeDelete(to, value['tailrace.streams.Delete'])
    case 'tailrace.streams.Lend':
      to.branch(6)
      return writeLend(to, value['tailrace.streams.Lend'])
    case 'tailrace.streams.GiveBack':
      to.branch(7)
      return writeGiveBack(to, value['tailrace.streams.GiveBack'])
    case 'tailrace.streams.Place':
      to.branch(8)
      return writePlace2(to, value['tailrace.streams.Place'])
    case 'tailrace.streams.Exists':
      to.branch(9)
      return writeExists(to, value['tailrace.streams.Exists'])
    case 'tailrace.streams.Subscription':
      to.branch(10)
      return writeSubscription2(to, value['tailrace.streams.Subscription'])
    default:
      to.invalid('record of the union', name)
  }
}

export function readStream(from: AvroReader): Message<'Stream'> {
  return {
    correlation: from.long(),
    path: from.string(),
    request: readOneOfCreateToSubscription(from),
    asker: readAskerOrNull(from),
  }
}
export function writeStream(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.path)
  writeOneOfCreateToSubscription(to, value.request)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readStreamResult(from: AvroReader) {
  return {
    kind: from.string(),
    id: from.string(),
    type: from.string(),
    tail: from.long(),
    closed: from.boolean(),
    ttl: from.long(),
    expiresAt: from.long(),
    offset: from.long(),
    next: from.long(),
    isNew: from.boolean(),
    duplicate: from.boolean(),
    exists: from.boolean(),
    lastSeq: from.long(),
    reason: from.string(),
    epoch: from.long(),
    expected: from.long(),
    answer: from.string(),
  }
}
function writeStreamResult(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.kind)
  to.string(value.id)
  to.string(value.type)
  to.long(value.tail)
  to.boolean(value.closed)
  to.long(value.ttl)
  to.long(value.expiresAt)
  to.long(value.offset)
  to.long(value.next)
  to.boolean(value.isNew)
  to.boolean(value.duplicate)
  to.boolean(value.exists)
  to.long(value.lastSeq)
  to.string(value.reason)
  to.long(value.epoch)
  to.long(value.expected)
  to.string(value.answer === undefined ? "" : value.answer)
}

export function readStreamReply(from: AvroReader): Message<'StreamReply'> {
  return {
    correlation: from.long(),
    result: readStreamResult(from),
  }
}
export function writeStreamReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeStreamResult(to, value.result)
}
