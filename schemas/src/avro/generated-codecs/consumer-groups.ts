// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import { onlyKey } from '../only-key.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAlter,
  readBeat2,
  readCommit,
  readDelay,
  readDescribe,
  readList,
  writeAlter,
  writeBeat2,
  writeCommit,
  writeDelay,
  writeDescribe,
  writeList,
} from './consumer-group-requests.ts'
import {
  readAltered,
  readBeaten,
  readCommitted,
  readDescribed,
  readListed,
  writeAltered,
  writeBeaten,
  writeCommitted,
  writeDescribed,
  writeListed,
} from './consumer-group-results.ts'
import {
  readAskerOrNull,
  writeAskerOrNull,
} from './shared.ts'

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
  const name = onlyKey(to, value)
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
export function writeConsumerGroupOfSdk(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.group)
  to.string(value.member)
  writeOneOfBeat2ToAlter(to, value.request)
  to.present(null)
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
  const name = onlyKey(to, value)
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
