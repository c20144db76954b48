// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readLong,
  readString,
  writeLong,
  writeString,
} from './shared.ts'

function readEntry(from: AvroReader) {
  return {
    term: from.int(),
    kind: from.int(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    bytes: from.int(),
  }
}
function writeEntry(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.term)
  to.int(value.kind)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.int(value.bytes)
}

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

export function readNodeBeat(from: AvroReader): Message<'NodeBeat'> {
  return {
    led: from.long(),
    ledDigest: from.long(),
    followed: from.long(),
    followedDigest: from.long(),
    durable: from.long(),
  }
}
export function writeNodeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.led)
  to.long(value.ledDigest)
  to.long(value.followed)
  to.long(value.followedDigest)
  to.long(value.durable === undefined ? 0 : value.durable)
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

export function readLives(from: AvroReader): Message<'Lives'> {
  return {
    directoryId: from.string(),
    lives: from.list(2000, readString),
    atoned: from.list(2000, readString),
    recovered: from.long(),
  }
}
export function writeLives(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.list(value.lives, writeString)
  to.list(value.atoned, writeString)
  to.long(value.recovered)
}

export function readWitness(from: AvroReader): Message<'Witness'> {
  return {
    directoryId: from.string(),
    life: from.string(),
    durable: from.long(),
  }
}
export function writeWitness(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.string(value.life)
  to.long(value.durable)
}
