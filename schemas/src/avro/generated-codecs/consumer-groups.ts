// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAskerOrNull,
  readString,
  writeAskerOrNull,
  writeString,
} from './shared.ts'

function readSubscription(from: AvroReader) {
  return {
    topics: from.list(1000, readString),
    patterns: from.list(100, readString),
  }
}
function writeSubscription(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.topics, writeString)
  to.list(value.patterns, writeString)
}

function readSubscriptionOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readSubscription(from)
}
function writeSubscriptionOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeSubscription(to, value)
}

function readOwned(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
  }
}
function writeOwned(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
}

function readStuck(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    offset: from.long(),
    sinceMs: from.long(),
  }
}
function writeStuck(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.sinceMs)
}

function readDeclined(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    ended: from.boolean(),
  }
}
function writeDeclined(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.boolean(value.ended)
}

function readBeat2(from: AvroReader) {
  return {
    epoch: from.int(),
    clientId: from.string(),
    instance: from.string(),
    rack: from.string(),
    sessionMs: from.int(),
    waitMs: from.int(),
    subscribed: readSubscriptionOrNull(from),
    owned: from.list(10000, readOwned),
    stuck: from.list(1000, readStuck),
    number: from.long(),
    via: from.string(),
    declined: from.list(1000, readDeclined),
  }
}
function writeBeat2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.epoch)
  to.string(value.clientId)
  to.string(value.instance)
  to.string(value.rack)
  to.int(value.sessionMs)
  to.int(value.waitMs)
  writeSubscriptionOrNull(to, value.subscribed)
  to.list(value.owned, writeOwned)
  to.list(value.stuck, writeStuck)
  to.long(value.number === undefined ? 0 : value.number)
  to.string(value.via === undefined ? "" : value.via)
  to.list(value.declined === undefined ? [] : value.declined, writeDeclined)
}

function readPosition2(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
    done: from.boolean(),
  }
}
function writePosition2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
  to.boolean(value.done)
}

function readCommit(from: AvroReader) {
  return {
    positions: from.list(10000, readPosition2),
  }
}
function writeCommit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.positions, writePosition2)
}

function readDelay(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    delayMs: from.long(),
    attempt: from.int(),
  }
}
function writeDelay(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.long(value.delayMs)
  to.int(value.attempt)
}

function readDescribe(_from: AvroReader) {
  return {
  }
}
function writeDescribe(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

function readList(from: AvroReader) {
  return {
    partition: from.int(),
  }
}
function writeList(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
}

function readAlter(from: AvroReader) {
  return {
    remove: from.boolean(),
    positions: from.list(10000, readPosition2),
  }
}
function writeAlter(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.remove)
  to.list(value.positions, writePosition2)
}

function readOneOfBeat2ToAlter(from: AvroReader) {
  switch (from.branch(6)) {
    case 0:
      return { 'tailrace.groups.Beat': readBeat2(from) }
    case 1:
      return { 'tailrace.groups.Commit': readCommit(from) }
    case 2:
      return { 'tailrace.groups.Delay': readDelay(from) }
    case 3:
      return { 'tailrace.groups.Describe': readDescribe(from) }
    case 4:
      return { 'tailrace.groups.List': readList(from) }
    case 5:
      return { 'tailrace.groups.Alter': readAlter(from) }
    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function writeOneOfBeat2ToAlter(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = to.only(value)
  switch (name) {
    case 'tailrace.groups.Beat':
      to.branch(0)
      return writeBeat2(to, value['tailrace.groups.Beat'])
    case 'tailrace.groups.Commit':
      to.branch(1)
      return writeCommit(to, value['tailrace.groups.Commit'])
    case 'tailrace.groups.Delay':
      to.branch(2)
      return writeDelay(to, value['tailrace.groups.Delay'])
    case 'tailrace.groups.Describe':
      to.branch(3)
      return writeDescribe(to, value['tailrace.groups.Describe'])
    case 'tailrace.groups.List':
      to.branch(4)
      return writeList(to, value['tailrace.groups.List'])
    case 'tailrace.groups.Alter':
      to.branch(5)
      return writeAlter(to, value['tailrace.groups.Alter'])
    default:
      to.invalid('record of the union', name)
  }
}

export function readConsumerGroup(from: AvroReader): Message<'ConsumerGroup'> {
  return {
    correlation: from.long(),
    group: from.string(),
    member: from.string(),
    request: readOneOfBeat2ToAlter(from),
    asker: readAskerOrNull(from),
  }
}
export function writeConsumerGroup(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.group)
  to.string(value.member)
  writeOneOfBeat2ToAlter(to, value.request)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readLeased(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
  }
}
function writeLeased(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
}

function readPlace(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
  }
}
function writePlace(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
}

function readDue(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    offset: from.long(),
    attempt: from.int(),
    token: from.long(),
  }
}
function writeDue(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.long(value.offset)
  to.int(value.attempt)
  to.long(value.token)
}

function readBeaten(from: AvroReader) {
  return {
    epoch: from.int(),
    heartbeatMs: from.int(),
    assignment: from.list(10000, readLeased),
    revoke: from.list(10000, readPlace),
    due: from.list(1000, readDue),
    heedsDeclined: from.boolean(),
  }
}
function writeBeaten(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.epoch)
  to.int(value.heartbeatMs)
  to.list(value.assignment, writeLeased)
  to.list(value.revoke, writePlace)
  to.list(value.due, writeDue)
  to.boolean(value.heedsDeclined === undefined ? false : value.heedsDeclined)
}

function readCommitted(from: AvroReader) {
  return {
    fenced: from.list(10000, readPlace),
  }
}
function writeCommitted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.fenced, writePlace)
}

function readAltered(_from: AvroReader) {
  return {
  }
}
function writeAltered(to: AvroWriter, fields: unknown): void {
  to.record(fields)
}

function readHeldRecord(from: AvroReader) {
  return {
    topic: from.string(),
    partition: from.int(),
    offset: from.long(),
    sinceMs: from.long(),
  }
}
function writeHeldRecord(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.sinceMs)
}

function readMember(from: AvroReader) {
  return {
    id: from.string(),
    instance: from.string(),
    clientId: from.string(),
    host: from.string(),
    principal: from.string(),
    rack: from.string(),
    sessionMs: from.int(),
    epoch: from.int(),
    topics: from.list(1000, readString),
    patterns: from.list(100, readString),
    stuck: from.list(1000, readHeldRecord),
  }
}
function writeMember(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.string(value.instance)
  to.string(value.clientId)
  to.string(value.host)
  to.string(value.principal)
  to.string(value.rack)
  to.int(value.sessionMs)
  to.int(value.epoch)
  to.list(value.topics, writeString)
  to.list(value.patterns, writeString)
  to.list(value.stuck, writeHeldRecord)
}

function readProgress(from: AvroReader) {
  return {
    topic: from.string(),
    topicId: from.string(),
    partition: from.int(),
    member: from.string(),
    token: from.long(),
    offset: from.long(),
    term: from.int(),
    metadata: from.string(),
    committedAt: from.long(),
    end: from.long(),
    lag: from.long(),
  }
}
function writeProgress(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topic)
  to.string(value.topicId)
  to.int(value.partition)
  to.string(value.member)
  to.long(value.token)
  to.long(value.offset)
  to.int(value.term)
  to.string(value.metadata)
  to.long(value.committedAt)
  to.long(value.end)
  to.long(value.lag)
}

function readDescribed(from: AvroReader) {
  return {
    state: from.string(),
    epoch: from.int(),
    members: from.list(10000, readMember),
    partitions: from.list(100000, readProgress),
    delayed: from.int(),
  }
}
function writeDescribed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.state)
  to.int(value.epoch)
  to.list(value.members, writeMember)
  to.list(value.partitions, writeProgress)
  to.int(value.delayed)
}

function readListedGroup(from: AvroReader) {
  return {
    group: from.string(),
    state: from.string(),
    members: from.int(),
    topics: from.list(10000, readString),
    lag: from.long(),
    stuck: from.int(),
  }
}
function writeListedGroup(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.group)
  to.string(value.state)
  to.int(value.members)
  to.list(value.topics, writeString)
  to.long(value.lag)
  to.int(value.stuck === undefined ? 0 : value.stuck)
}

function readListed(from: AvroReader) {
  return {
    groups: from.list(100000, readListedGroup),
  }
}
function writeListed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.groups, writeListedGroup)
}

function readOneOfBeatenToListed(from: AvroReader) {
  switch (from.branch(5)) {
    case 0:
      return { 'tailrace.groups.Beaten': readBeaten(from) }
    case 1:
      return { 'tailrace.groups.Committed': readCommitted(from) }
    case 2:
      return { 'tailrace.groups.Altered': readAltered(from) }
    case 3:
      return { 'tailrace.groups.Described': readDescribed(from) }
    case 4:
      return { 'tailrace.groups.Listed': readListed(from) }
    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function writeOneOfBeatenToListed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = to.only(value)
  switch (name) {
    case 'tailrace.groups.Beaten':
      to.branch(0)
      return writeBeaten(to, value['tailrace.groups.Beaten'])
    case 'tailrace.groups.Committed':
      to.branch(1)
      return writeCommitted(to, value['tailrace.groups.Committed'])
    case 'tailrace.groups.Altered':
      to.branch(2)
      return writeAltered(to, value['tailrace.groups.Altered'])
    case 'tailrace.groups.Described':
      to.branch(3)
      return writeDescribed(to, value['tailrace.groups.Described'])
    case 'tailrace.groups.Listed':
      to.branch(4)
      return writeListed(to, value['tailrace.groups.Listed'])
    default:
      to.invalid('record of the union', name)
  }
}

export function readConsumerGroupReply(from: AvroReader): Message<'ConsumerGroupReply'> {
  return {
    correlation: from.long(),
    result: readOneOfBeatenToListed(from),
  }
}
export function writeConsumerGroupReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeOneOfBeatenToListed(to, value.result)
}
