// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readEntry,
  readLong,
  writeEntry,
  writeLong,
} from './shared.ts'

export function readAppend(from: AvroReader): Message<'Append'> {
  return {
    group: from.long(),
    term: from.int(),
    prevIndex: from.long(),
    prevTerm: from.int(),
    commit: from.long(),
    entries: from.list(250000, readEntry),
  }
}
export function writeAppend(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.prevIndex)
  to.int(value.prevTerm)
  to.long(value.commit)
  to.list(value.entries, writeEntry)
}

export function readAppendReply(from: AvroReader): Message<'AppendReply'> {
  return {
    group: from.long(),
    term: from.int(),
    success: from.boolean(),
    matchIndex: from.long(),
    rejectedIndex: from.long(),
    hintIndex: from.long(),
    hintTerm: from.int(),
    admission: from.long(),
  }
}
export function writeAppendReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.boolean(value.success)
  to.long(value.matchIndex)
  to.long(value.rejectedIndex)
  to.long(value.hintIndex)
  to.int(value.hintTerm)
  to.long(value.admission === undefined ? 0 : value.admission)
}

export function readVote(from: AvroReader): Message<'Vote'> {
  return {
    group: from.long(),
    term: from.int(),
    pre: from.boolean(),
    transfer: from.boolean(),
    lastIndex: from.long(),
    lastTerm: from.int(),
  }
}
export function writeVote(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.boolean(value.pre)
  to.boolean(value.transfer)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
}

export function readVoteReply(from: AvroReader): Message<'VoteReply'> {
  return {
    group: from.long(),
    term: from.int(),
    pre: from.boolean(),
    granted: from.boolean(),
  }
}
export function writeVoteReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.boolean(value.pre)
  to.boolean(value.granted)
}

function readBeat(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    commit: from.long(),
    sentAt: from.long(),
    sleep: from.boolean(),
    acknowledged: from.long(),
    round: from.long(),
  }
}
function writeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.commit)
  to.long(value.sentAt === undefined ? 0 : value.sentAt)
  to.boolean(value.sleep === undefined ? false : value.sleep)
  to.long(value.acknowledged === undefined ? 0 : value.acknowledged)
  to.long(value.round === undefined ? 0 : value.round)
}

export function readHeartbeats(from: AvroReader): Message<'Heartbeats'> {
  return {
    beats: from.list(250000, readBeat),
  }
}
export function writeHeartbeats(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.beats, writeBeat)
}

function readBeatReply(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    lastIndex: from.long(),
    sentAt: from.long(),
    asleep: from.boolean(),
    admission: from.long(),
    round: from.long(),
  }
}
function writeBeatReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.lastIndex)
  to.long(value.sentAt === undefined ? 0 : value.sentAt)
  to.boolean(value.asleep === undefined ? false : value.asleep)
  to.long(value.admission === undefined ? 0 : value.admission)
  to.long(value.round === undefined ? 0 : value.round)
}

export function readHeartbeatReplies(from: AvroReader): Message<'HeartbeatReplies'> {
  return {
    beats: from.list(250000, readBeatReply),
  }
}
export function writeHeartbeatReplies(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.beats, writeBeatReply)
}

function readLeader(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
  }
}
function writeLeader(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
}

export function readLeaders(from: AvroReader): Message<'Leaders'> {
  return {
    leaders: from.list(250000, readLeader),
  }
}
export function writeLeaders(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.leaders, writeLeader)
}

export function readTimeoutNow(from: AvroReader): Message<'TimeoutNow'> {
  return {
    group: from.long(),
    term: from.int(),
  }
}
export function writeTimeoutNow(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
}

function readSleepingLed(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
  }
}
function writeSleepingLed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
}

function readSleepingFollowed(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
  }
}
function writeSleepingFollowed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
}

export function readSleepingGroups(from: AvroReader): Message<'SleepingGroups'> {
  return {
    led: from.list(250000, readSleepingLed),
    followed: from.list(250000, readSleepingFollowed),
  }
}
export function writeSleepingGroups(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.led, writeSleepingLed)
  to.list(value.followed, writeSleepingFollowed)
}

export function readWakeGroups(from: AvroReader): Message<'WakeGroups'> {
  return {
    groups: from.list(250000, readLong),
  }
}
export function writeWakeGroups(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.groups, writeLong)
}
