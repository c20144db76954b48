// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message, MessageName } from '../messages.ts'
import type { AvroReader } from './reader.ts'
import type { AvroWriter } from './writer.ts'

export interface Codec<Name extends MessageName> {
  /** Throws a RangeError. */
  readonly read: (from: AvroReader) => Message<Name>
  /** Throws a TypeError. */
  readonly write: (to: AvroWriter, fields: unknown) => void
  /** Its first field is `correlation`. */
  readonly isCorrelated: boolean
}

function readHello(from: AvroReader) {
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
function writeHello(to: AvroWriter, fields: unknown): void {
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


function readHelloReply(from: AvroReader) {
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
function writeHelloReply(to: AvroWriter, fields: unknown): void {
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


function readLongOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.long()
}
function writeLongOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.long(value)
}


function readErrorFields2(from: AvroReader) {
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
function writeErrorFields2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.code)
  to.string(value.message)
  to.boolean(value.retriable)
  to.string(value.hint)
  writeLongOrNull(to, value.retryAfterMs === undefined ? null : value.retryAfterMs)
  writeLongOrNull(to, value.endOffset === undefined ? null : value.endOffset)
  writeLongOrNull(to, value.fence === undefined ? null : value.fence)
}


function readFailure(from: AvroReader) {
  return {
    correlation: from.long(),
    error: readErrorFields2(from),
  }
}
function writeFailure(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeErrorFields2(to, value.error)
}


function readSchemas(from: AvroReader) {
  return {
    fingerprint: from.string(),
    protocolJson: from.string(),
  }
}
function writeSchemas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.fingerprint)
  to.string(value.protocolJson)
}


function readChallenge(from: AvroReader) {
  return {
    protocol: from.int(),
  }
}
function writeChallenge(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.protocol)
}


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


function readAppend(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    prevIndex: from.long(),
    prevTerm: from.int(),
    commit: from.long(),
    entries: from.list(250000, readEntry),
  }
}
function writeAppend(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.prevIndex)
  to.int(value.prevTerm)
  to.long(value.commit)
  to.list(value.entries, writeEntry)
}


function readAppendReply(from: AvroReader) {
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
function writeAppendReply(to: AvroWriter, fields: unknown): void {
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


function readVote(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    pre: from.boolean(),
    transfer: from.boolean(),
    lastIndex: from.long(),
    lastTerm: from.int(),
  }
}
function writeVote(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.boolean(value.pre)
  to.boolean(value.transfer)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
}


function readVoteReply(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    pre: from.boolean(),
    granted: from.boolean(),
  }
}
function writeVoteReply(to: AvroWriter, fields: unknown): void {
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


function readHeartbeats(from: AvroReader) {
  return {
    beats: from.list(250000, readBeat),
  }
}
function writeHeartbeats(to: AvroWriter, fields: unknown): void {
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


function readHeartbeatReplies(from: AvroReader) {
  return {
    beats: from.list(250000, readBeatReply),
  }
}
function writeHeartbeatReplies(to: AvroWriter, fields: unknown): void {
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


function readLeaders(from: AvroReader) {
  return {
    leaders: from.list(250000, readLeader),
  }
}
function writeLeaders(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.leaders, writeLeader)
}


function readSnapshot(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    lastIndex: from.long(),
    lastTerm: from.int(),
    source: from.int(),
  }
}
function writeSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
  to.int(value.source)
}


function readTimeoutNow(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
  }
}
function writeTimeoutNow(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
}


function readNodeBeat(from: AvroReader) {
  return {
    led: from.long(),
    ledDigest: from.long(),
    followed: from.long(),
    followedDigest: from.long(),
    durable: from.long(),
  }
}
function writeNodeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.led)
  to.long(value.ledDigest)
  to.long(value.followed)
  to.long(value.followedDigest)
  to.long(value.durable === undefined ? 0 : value.durable)
}


function readString(from: AvroReader) {
  return from.string()
}
function writeString(to: AvroWriter, value: unknown): void {
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


function readAskerOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readAsker(from)
}
function writeAskerOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeAsker(to, value)
}


function readPublish(from: AvroReader) {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    timeoutMs: from.int(),
    topicId: from.string(),
    asker: readAskerOrNull(from),
  }
}
function writePublish(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.string(value.topicId === undefined ? "" : value.topicId)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readInt(from: AvroReader) {
  return from.int()
}
function writeInt(to: AvroWriter, value: unknown): void {
  to.int(value)
}


function readPublishReply(from: AvroReader) {
  return {
    correlation: from.long(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    duplicate: from.boolean(),
    term: from.int(),
    index: from.long(),
    holders: from.list(1000, readInt),
    seal: from.string(),
  }
}
function writePublishReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.boolean(value.duplicate)
  to.int(value.term === undefined ? 0 : value.term)
  to.long(value.index === undefined ? 0 : value.index)
  to.list(value.holders === undefined ? [] : value.holders, writeInt)
  to.string(value.seal === undefined ? "" : value.seal)
}


function readFetch(from: AvroReader) {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    offset: from.long(),
    maxBytes: from.int(),
    waitMs: from.int(),
    tokenTerm: from.int(),
    tokenIndex: from.long(),
    replica: from.boolean(),
    tokenSeal: from.string(),
    topicId: from.string(),
    linearizable: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
function writeFetch(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.long(value.offset)
  to.int(value.maxBytes)
  to.int(value.waitMs)
  to.int(value.tokenTerm === undefined ? 0 : value.tokenTerm)
  to.long(value.tokenIndex === undefined ? 0 : value.tokenIndex)
  to.boolean(value.replica === undefined ? false : value.replica)
  to.string(value.tokenSeal === undefined ? "" : value.tokenSeal)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readFetchReply(from: AvroReader) {
  return {
    correlation: from.long(),
    nextOffset: from.long(),
    highWatermark: from.long(),
    logStart: from.long(),
    rulesVersion: from.long(),
  }
}
function writeFetchReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.nextOffset)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.rulesVersion === undefined ? 0 : value.rulesVersion)
}


const allPositionKindSymbols = ['EARLIEST', 'LATEST', 'OFFSET', 'TIME'] as const


function readPosition(from: AvroReader) {
  return {
    kind: from.symbol(allPositionKindSymbols),
    value: from.long(),
  }
}
function writePosition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.symbol(allPositionKindSymbols, value.kind)
  to.long(value.value)
}


function readFindOffset(from: AvroReader) {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    position: readPosition(from),
    topicId: from.string(),
    linearizable: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
function writeFindOffset(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  writePosition(to, value.position)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.boolean(value.linearizable === undefined ? false : value.linearizable)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readFindOffsetReply(from: AvroReader) {
  return {
    correlation: from.long(),
    offset: from.long(),
    highWatermark: from.long(),
    logStart: from.long(),
    fence: from.long(),
  }
}
function writeFindOffsetReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.offset)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.fence === undefined ? -1 : value.fence)
}


function readInitProducer(from: AvroReader) {
  return {
    correlation: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeInitProducer(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readInitProducerReply(from: AvroReader) {
  return {
    correlation: from.long(),
    producerId: from.long(),
    epoch: from.int(),
  }
}
function writeInitProducerReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.producerId)
  to.int(value.epoch)
}


function readMetadata(from: AvroReader) {
  return {
    correlation: from.long(),
    topics: from.list(10000, readString),
    create: from.list(100, readString),
  }
}
function writeMetadata(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.topics, writeString)
  to.list(value.create === undefined ? [] : value.create, writeString)
}


function readBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    alive: from.boolean(),
  }
}
function writeBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.boolean(value.alive)
}


function readTopicPartition(from: AvroReader) {
  return {
    partition: from.int(),
    leader: from.int(),
    term: from.int(),
    replicas: from.list(1000, readInt),
  }
}
function writeTopicPartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.int(value.leader)
  to.int(value.term)
  to.list(value.replicas, writeInt)
}


function readTopic(from: AvroReader) {
  return {
    name: from.string(),
    id: from.string(),
    partitions: from.list(100000, readTopicPartition),
  }
}
function writeTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.id)
  to.list(value.partitions, writeTopicPartition)
}


function readMetadataReply(from: AvroReader) {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    brokers: from.list(10000, readBroker),
    topics: from.list(10000, readTopic),
    denied: from.list(10000, readString),
  }
}
function writeMetadataReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.list(value.brokers, writeBroker)
  to.list(value.topics, writeTopic)
  to.list(value.denied === undefined ? [] : value.denied, writeString)
}


function readCopyOpen(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    lastIndex: from.long(),
    lastTerm: from.int(),
  }
}
function writeCopyOpen(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.lastIndex)
  to.int(value.lastTerm)
}


function readCopyOpenReply(from: AvroReader) {
  return {
    correlation: from.long(),
    copy: from.long(),
    crc32c: from.long(),
  }
}
function writeCopyOpenReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.long(value.crc32c)
}


function readCopyRead(from: AvroReader) {
  return {
    correlation: from.long(),
    copy: from.long(),
    file: from.string(),
    position: from.long(),
    maxBytes: from.int(),
  }
}
function writeCopyRead(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.string(value.file)
  to.long(value.position)
  to.int(value.maxBytes)
}


function readCopyReadReply(from: AvroReader) {
  return {
    correlation: from.long(),
    crc32c: from.long(),
  }
}
function writeCopyReadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.crc32c)
}


function readCopyClose(from: AvroReader) {
  return {
    correlation: from.long(),
    copy: from.long(),
    damaged: from.boolean(),
  }
}
function writeCopyClose(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.copy)
  to.boolean(value.damaged === undefined ? false : value.damaged)
}


function readCopyCloseReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeCopyCloseReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readReadEntries(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    firstIndex: from.long(),
    lastIndex: from.long(),
    maxBytes: from.int(),
  }
}
function writeReadEntries(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.firstIndex)
  to.long(value.lastIndex)
  to.int(value.maxBytes)
}


function readReadEntriesReply(from: AvroReader) {
  return {
    correlation: from.long(),
    entries: from.list(250000, readEntry),
    logStart: from.long(),
    logEnd: from.long(),
  }
}
function writeReadEntriesReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.entries, writeEntry)
  to.long(value.logStart === undefined ? 0 : value.logStart)
  to.long(value.logEnd === undefined ? 0 : value.logEnd)
}


function readSubscribePartition(from: AvroReader) {
  return {
    partition: from.int(),
    position: readPosition(from),
  }
}
function writeSubscribePartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  writePosition(to, value.position)
}


function readSubscribe(from: AvroReader) {
  return {
    subscription: from.long(),
    topic: from.string(),
    position: readPosition(from),
    partitions: from.list(10000, readSubscribePartition),
    credit: from.long(),
    replica: from.boolean(),
    topicId: from.string(),
  }
}
function writeSubscribe(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.string(value.topic)
  writePosition(to, value.position)
  to.list(value.partitions, writeSubscribePartition)
  to.long(value.credit)
  to.boolean(value.replica === undefined ? false : value.replica)
  to.string(value.topicId === undefined ? "" : value.topicId)
}


function readSubscribedPartition(from: AvroReader) {
  return {
    partition: from.int(),
    offset: from.long(),
    highWatermark: from.long(),
  }
}
function writeSubscribedPartition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.long(value.offset)
  to.long(value.highWatermark)
}


function readSubscribed(from: AvroReader) {
  return {
    subscription: from.long(),
    partitions: from.list(100000, readSubscribedPartition),
    topicId: from.string(),
  }
}
function writeSubscribed(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.list(value.partitions, writeSubscribedPartition)
  to.string(value.topicId === undefined ? "" : value.topicId)
}


function readRecords(from: AvroReader) {
  return {
    subscription: from.long(),
    partition: from.int(),
    nextOffset: from.long(),
    highWatermark: from.long(),
  }
}
function writeRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.int(value.partition)
  to.long(value.nextOffset)
  to.long(value.highWatermark)
}


function readCredit(from: AvroReader) {
  return {
    subscription: from.long(),
    bytes: from.long(),
  }
}
function writeCredit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.long(value.bytes)
}


function readUnsubscribe(from: AvroReader) {
  return {
    subscription: from.long(),
  }
}
function writeUnsubscribe(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
}


function readSubscriptionEnd(from: AvroReader) {
  return {
    subscription: from.long(),
    partition: from.int(),
    error: readErrorFields2(from),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
function writeSubscriptionEnd(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.subscription)
  to.int(value.partition)
  writeErrorFields2(to, value.error)
  to.long(value.logStart === undefined ? -1 : value.logStart)
  to.long(value.highWatermark === undefined ? -1 : value.highWatermark)
}


function readBrokers(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeBrokers(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readBrokerLoad(from: AvroReader) {
  return {
    connections: from.int(),
    lagMs: from.long(),
    ready: from.boolean(),
  }
}
function writeBrokerLoad(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.connections)
  to.long(value.lagMs)
  to.boolean(value.ready)
}


function readBrokerLoadOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readBrokerLoad(from)
}
function writeBrokerLoadOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeBrokerLoad(to, value)
}


function readLevelBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    level: from.int(),
    alive: from.boolean(),
    rack: from.string(),
    load: readBrokerLoadOrNull(from),
    topics: from.list(1000, readString),
  }
}
function writeLevelBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.int(value.level)
  to.boolean(value.alive)
  to.string(value.rack)
  writeBrokerLoadOrNull(to, value.load)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}


function readBrokersReply(from: AvroReader) {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    brokers: from.list(20000, readLevelBroker),
  }
}
function writeBrokersReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.list(value.brokers, writeLevelBroker)
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


function readSleepingGroups(from: AvroReader) {
  return {
    led: from.list(250000, readSleepingLed),
    followed: from.list(250000, readSleepingFollowed),
  }
}
function writeSleepingGroups(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.led, writeSleepingLed)
  to.list(value.followed, writeSleepingFollowed)
}


function readLong(from: AvroReader) {
  return from.long()
}
function writeLong(to: AvroWriter, value: unknown): void {
  to.long(value)
}


function readWakeGroups(from: AvroReader) {
  return {
    groups: from.list(250000, readLong),
  }
}
function writeWakeGroups(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.groups, writeLong)
}


function readLives(from: AvroReader) {
  return {
    directoryId: from.string(),
    lives: from.list(2000, readString),
    atoned: from.list(2000, readString),
    recovered: from.long(),
  }
}
function writeLives(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.list(value.lives, writeString)
  to.list(value.atoned, writeString)
  to.long(value.recovered)
}


function readWitness(from: AvroReader) {
  return {
    directoryId: from.string(),
    life: from.string(),
    durable: from.long(),
  }
}
function writeWitness(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.string(value.life)
  to.long(value.durable)
}


function readAuthenticate(from: AvroReader) {
  return {
    correlation: from.long(),
    mechanism: from.string(),
    data: from.string(),
  }
}
function writeAuthenticate(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.mechanism)
  to.string(value.data)
}


function readAuthenticateReply(from: AvroReader) {
  return {
    correlation: from.long(),
    data: from.string(),
    done: from.boolean(),
    principal: from.string(),
    expiresAt: from.long(),
  }
}
function writeAuthenticateReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.data)
  to.boolean(value.done)
  to.string(value.principal)
  to.long(value.expiresAt)
}


function readFounder(from: AvroReader) {
  return {
    id: from.int(),
    directoryId: from.string(),
    peer: from.string(),
  }
}
function writeFounder(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.directoryId)
  to.string(value.peer)
}


function readClusterRecord(from: AvroReader) {
  return {
    version: from.int(),
    clusterId: from.string(),
    voters: from.list(1000, readFounder),
  }
}
function writeClusterRecord(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.version === undefined ? 1 : value.version)
  to.string(value.clusterId)
  to.list(value.voters, writeFounder)
}


function readFormation(from: AvroReader) {
  return {
    correlation: from.long(),
    record: readClusterRecord(from),
  }
}
function writeFormation(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeClusterRecord(to, value.record)
}


function readFormationReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeFormationReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readJoin(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeJoin(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readJoinReply(from: AvroReader) {
  return {
    correlation: from.long(),
    record: readClusterRecord(from),
    admission: from.long(),
    addresses: from.list(10000, readString),
  }
}
function writeJoinReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeClusterRecord(to, value.record)
  to.long(value.admission)
  to.list(value.addresses, writeString)
}


function readLevelRange(from: AvroReader) {
  return {
    lowest: from.int(),
    highest: from.int(),
  }
}
function writeLevelRange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.lowest)
  to.int(value.highest)
}


function readLevelRangeOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readLevelRange(from)
}
function writeLevelRangeOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeLevelRange(to, value)
}


function readBrokerRegistration(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    peer: from.string(),
    pid: from.long(),
    incarnation: from.string(),
    directoryId: from.string(),
    levels: readLevelRangeOrNull(from),
    rack: from.string(),
  }
}
function writeBrokerRegistration(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.string(value.peer)
  to.long(value.pid)
  to.string(value.incarnation)
  to.string(value.directoryId)
  writeLevelRangeOrNull(to, value.levels === undefined ? null : value.levels)
  to.string(value.rack === undefined ? "" : value.rack)
}


function readRegisterBroker(from: AvroReader) {
  return {
    broker: readBrokerRegistration(from),
  }
}
function writeRegisterBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeBrokerRegistration(to, value.broker)
}


function readLongOrBooleanOrNull(from: AvroReader) {
  const branch = from.branch(3)
  if (branch === 0) return null
  return branch === 1 ? from.long() : from.boolean()
}
function writeLongOrBooleanOrNull(to: AvroWriter, value: unknown): void {
  if (value === null) return to.branch(0)
  const isFirst = typeof value === 'number'
  to.branch(isFirst ? 1 : 2)
  if (isFirst) to.long(value)
  else to.boolean(value)
}


function readSetting(from: AvroReader) {
  return {
    name: from.string(),
    value: readLongOrBooleanOrNull(from),
  }
}
function writeSetting(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  writeLongOrBooleanOrNull(to, value.value)
}


function readCreateTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
    replicas: from.int(),
    config: from.list(100, readSetting),
  }
}
function writeCreateTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
  to.int(value.replicas)
  to.list(value.config, writeSetting)
}


function readDeleteTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
  }
}
function writeDeleteTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
}


function readSetTopicConfig(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    changes: from.list(100, readSetting),
  }
}
function writeSetTopicConfig(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.list(value.changes, writeSetting)
}


function readAllocateProducerIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
  }
}
function writeAllocateProducerIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
}


function readAssignReplicas(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    replicas: from.list(1000, readInt),
    from: from.list(1000, readInt),
  }
}
function writeAssignReplicas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.list(value.replicas, writeInt)
  to.list(value.from === undefined ? [] : value.from, writeInt)
}


function readCancelChange(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
  }
}
function writeCancelChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
}


function readReplicasChanged(from: AvroReader) {
  return {
    group: from.long(),
    change: from.long(),
    outcome: from.string(),
    reason: from.string(),
  }
}
function writeReplicasChanged(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.change)
  to.string(value.outcome)
  to.string(value.reason)
}


function readIntOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.int()
}
function writeIntOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.int(value)
}


function readForceReplicas(from: AvroReader) {
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
function writeForceReplicas(to: AvroWriter, fields: unknown): void {
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


function readReplicaDropped(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
  }
}
function writeReplicaDropped(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
}


function readSetPriority(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
    factor: from.int(),
  }
}
function writeSetPriority(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
  to.int(value.factor)
}


function readJoiningBroker(from: AvroReader) {
  return {
    id: from.int(),
    directoryId: from.string(),
    peer: from.string(),
    http: from.string(),
  }
}
function writeJoiningBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.directoryId)
  to.string(value.peer)
  to.string(value.http)
}


function readJoinBroker(from: AvroReader) {
  return {
    joining: readJoiningBroker(from),
    at: from.long(),
    broker: from.int(),
  }
}
function writeJoinBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeJoiningBroker(to, value.joining)
  to.long(value.at)
  to.int(value.broker)
}


function readRemoveBroker(from: AvroReader) {
  return {
    removed: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.removed)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readForcedCluster(from: AvroReader) {
  return {
    members: from.list(1000, readInt),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeForcedCluster(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.members, writeInt)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readSetFeatureLevel(from: AvroReader) {
  return {
    level: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetFeatureLevel(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.level)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readScram(from: AvroReader) {
  return {
    mechanism: from.string(),
    salt: from.string(),
    iterations: from.int(),
    storedKey: from.string(),
    serverKey: from.string(),
  }
}
function writeScram(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.mechanism)
  to.string(value.salt)
  to.int(value.iterations)
  to.string(value.storedKey)
  to.string(value.serverKey)
}


function readSetUser(from: AvroReader) {
  return {
    name: from.string(),
    scram: from.list(10, readScram),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.list(value.scram, writeScram)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readDeleteUser(from: AvroReader) {
  return {
    name: from.string(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeDeleteUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
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


function readToken(from: AvroReader) {
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
function writeToken(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.id)
  to.string(value.hash)
  to.string(value.principal)
  writeScopeOrNull(to, value.scope === undefined ? null : value.scope)
  to.long(value.createdAt)
  to.string(value.createdBy)
  writeLongOrNull(to, value.expiresAt === undefined ? null : value.expiresAt)
}


function readAddToken(from: AvroReader) {
  return {
    token: readToken(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeAddToken(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeToken(to, value.token)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readRemoveTokens(from: AvroReader) {
  return {
    ids: from.list(1000, readString),
    expired: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveTokens(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.ids, writeString)
  to.boolean(value.expired)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readAcl(from: AvroReader) {
  return {
    principal: from.string(),
    host: from.string(),
    operation: from.string(),
    permission: from.string(),
    resource: readPattern(from),
  }
}
function writeAcl(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.string(value.host)
  to.string(value.operation)
  to.string(value.permission)
  writePattern(to, value.resource)
}


function readAddAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeAddAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readRemoveAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readAllocateOwnedIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
    principal: from.string(),
  }
}
function writeAllocateOwnedIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
  to.string(value.principal)
}


function readQuotaEntity(from: AvroReader) {
  return {
    principal: from.string(),
    clientId: from.string(),
    address: from.string(),
  }
}
function writeQuotaEntity(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.principal)
  to.string(value.clientId)
  to.string(value.address)
}


function readQuotaLimit(from: AvroReader) {
  return {
    kind: from.string(),
    limit: from.long(),
  }
}
function writeQuotaLimit(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.kind)
  to.long(value.limit)
}


function readSetQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    limits: from.list(100, readQuotaLimit),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.list(value.limits, writeQuotaLimit)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readRemoveQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readSetDraining(from: AvroReader) {
  return {
    drained: from.int(),
    draining: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetDraining(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.drained)
  to.boolean(value.draining)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readSetBalancing(from: AvroReader) {
  return {
    balancing: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetBalancing(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.balancing)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}


function readAddPartitions(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
  }
}
function writeAddPartitions(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
}


function readRecordsDeleted(from: AvroReader) {
  return {
    group: from.long(),
    before: from.long(),
  }
}
function writeRecordsDeleted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.before)
}


function readOneOfRegisterBrokerToRecordsDeleted(from: AvroReader) {
  switch (from.branch(28)) {
    case 0:
      return { 'tailrace.metadata.RegisterBroker': readRegisterBroker(from) }
    case 1:
      return { 'tailrace.metadata.CreateTopic': readCreateTopic(from) }
    case 2:
      return { 'tailrace.metadata.DeleteTopic': readDeleteTopic(from) }
    case 3:
      return { 'tailrace.metadata.SetTopicConfig': readSetTopicConfig(from) }
    case 4:
      return { 'tailrace.metadata.AllocateProducerIds': readAllocateProducerIds(from) }
    case 5:
      return { 'tailrace.metadata.AssignReplicas': readAssignReplicas(from) }
    case 6:
      return { 'tailrace.metadata.CancelChange': readCancelChange(from) }
    case 7:
      return { 'tailrace.metadata.ReplicasChanged': readReplicasChanged(from) }
    case 8:
      return { 'tailrace.metadata.ForceReplicas': readForceReplicas(from) }
    case 9:
      return { 'tailrace.metadata.ReplicaDropped': readReplicaDropped(from) }
    case 10:
      return { 'tailrace.metadata.SetPriority': readSetPriority(from) }
    case 11:
      return { 'tailrace.metadata.JoinBroker': readJoinBroker(from) }
    case 12:
      return { 'tailrace.metadata.RemoveBroker': readRemoveBroker(from) }
    case 13:
      return { 'tailrace.metadata.ForcedCluster': readForcedCluster(from) }
    case 14:
      return { 'tailrace.metadata.SetFeatureLevel': readSetFeatureLevel(from) }
    case 15:
      return { 'tailrace.metadata.SetUser': readSetUser(from) }
    case 16:
      return { 'tailrace.metadata.DeleteUser': readDeleteUser(from) }
    case 17:
      return { 'tailrace.metadata.AddToken': readAddToken(from) }
    case 18:
      return { 'tailrace.metadata.RemoveTokens': readRemoveTokens(from) }
    case 19:
      return { 'tailrace.metadata.AddAcls': readAddAcls(from) }
    case 20:
      return { 'tailrace.metadata.RemoveAcls': readRemoveAcls(from) }
    case 21:
      return { 'tailrace.metadata.AllocateOwnedIds': readAllocateOwnedIds(from) }
    case 22:
      return { 'tailrace.metadata.SetQuota': readSetQuota(from) }
    case 23:
      return { 'tailrace.metadata.RemoveQuota': readRemoveQuota(from) }
    case 24:
      return { 'tailrace.metadata.SetDraining': readSetDraining(from) }
    case 25:
      return { 'tailrace.metadata.SetBalancing': readSetBalancing(from) }
    case 26:
      return { 'tailrace.metadata.AddPartitions': readAddPartitions(from) }
    case 27:
      return { 'tailrace.metadata.RecordsDeleted': readRecordsDeleted(from) }
    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function writeOneOfRegisterBrokerToRecordsDeleted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = to.only(value)
  switch (name) {
    case 'tailrace.metadata.RegisterBroker':
      to.branch(0)
      return writeRegisterBroker(to, value['tailrace.metadata.RegisterBroker'])
    case 'tailrace.metadata.CreateTopic':
      to.branch(1)
      return writeCreateTopic(to, value['tailrace.metadata.CreateTopic'])
    case 'tailrace.metadata.DeleteTopic':
      to.branch(2)
      return writeDeleteTopic(to, value['tailrace.metadata.DeleteTopic'])
    case 'tailrace.metadata.SetTopicConfig':
      to.branch(3)
      return writeSetTopicConfig(to, value['tailrace.metadata.SetTopicConfig'])
    case 'tailrace.metadata.AllocateProducerIds':
      to.branch(4)
      return writeAllocateProducerIds(to, value['tailrace.metadata.AllocateProducerIds'])
    case 'tailrace.metadata.AssignReplicas':
      to.branch(5)
      return writeAssignReplicas(to, value['tailrace.metadata.AssignReplicas'])
    case 'tailrace.metadata.CancelChange':
      to.branch(6)
      return writeCancelChange(to, value['tailrace.metadata.CancelChange'])
    case 'tailrace.metadata.ReplicasChanged':
      to.branch(7)
      return writeReplicasChanged(to, value['tailrace.metadata.ReplicasChanged'])
    case 'tailrace.metadata.ForceReplicas':
      to.branch(8)
      return writeForceReplicas(to, value['tailrace.metadata.ForceReplicas'])
    case 'tailrace.metadata.ReplicaDropped':
      to.branch(9)
      return writeReplicaDropped(to, value['tailrace.metadata.ReplicaDropped'])
    case 'tailrace.metadata.SetPriority':
      to.branch(10)
      return writeSetPriority(to, value['tailrace.metadata.SetPriority'])
    case 'tailrace.metadata.JoinBroker':
      to.branch(11)
      return writeJoinBroker(to, value['tailrace.metadata.JoinBroker'])
    case 'tailrace.metadata.RemoveBroker':
      to.branch(12)
      return writeRemoveBroker(to, value['tailrace.metadata.RemoveBroker'])
    case 'tailrace.metadata.ForcedCluster':
      to.branch(13)
      return writeForcedCluster(to, value['tailrace.metadata.ForcedCluster'])
    case 'tailrace.metadata.SetFeatureLevel':
      to.branch(14)
      return writeSetFeatureLevel(to, value['tailrace.metadata.SetFeatureLevel'])
    case 'tailrace.metadata.SetUser':
      to.branch(15)
      return writeSetUser(to, value['tailrace.metadata.SetUser'])
    case 'tailrace.metadata.DeleteUser':
      to.branch(16)
      return writeDeleteUser(to, value['tailrace.metadata.DeleteUser'])
    case 'tailrace.metadata.AddToken':
      to.branch(17)
      return writeAddToken(to, value['tailrace.metadata.AddToken'])
    case 'tailrace.metadata.RemoveTokens':
      to.branch(18)
      return writeRemoveTokens(to, value['tailrace.metadata.RemoveTokens'])
    case 'tailrace.metadata.AddAcls':
      to.branch(19)
      return writeAddAcls(to, value['tailrace.metadata.AddAcls'])
    case 'tailrace.metadata.RemoveAcls':
      to.branch(20)
      return writeRemoveAcls(to, value['tailrace.metadata.RemoveAcls'])
    case 'tailrace.metadata.AllocateOwnedIds':
      to.branch(21)
      return writeAllocateOwnedIds(to, value['tailrace.metadata.AllocateOwnedIds'])
    case 'tailrace.metadata.SetQuota':
      to.branch(22)
      return writeSetQuota(to, value['tailrace.metadata.SetQuota'])
    case 'tailrace.metadata.RemoveQuota':
      to.branch(23)
      return writeRemoveQuota(to, value['tailrace.metadata.RemoveQuota'])
    case 'tailrace.metadata.SetDraining':
      to.branch(24)
      return writeSetDraining(to, value['tailrace.metadata.SetDraining'])
    case 'tailrace.metadata.SetBalancing':
      to.branch(25)
      return writeSetBalancing(to, value['tailrace.metadata.SetBalancing'])
    case 'tailrace.metadata.AddPartitions':
      to.branch(26)
      return writeAddPartitions(to, value['tailrace.metadata.AddPartitions'])
    case 'tailrace.metadata.RecordsDeleted':
      to.branch(27)
      return writeRecordsDeleted(to, value['tailrace.metadata.RecordsDeleted'])
    default:
      to.invalid('record of the union', name)
  }
}


function readMetadataCommand(from: AvroReader) {
  return {
    correlation: from.long(),
    id: from.string(),
    timeoutMs: from.int(),
    intent: readOneOfRegisterBrokerToRecordsDeleted(from),
    asker: readAskerOrNull(from),
  }
}
function writeMetadataCommand(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.id)
  to.int(value.timeoutMs)
  writeOneOfRegisterBrokerToRecordsDeleted(to, value.intent)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readRefusal(from: AvroReader) {
  return {
    code: from.string(),
    detail: from.string(),
  }
}
function writeRefusal(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.code)
  to.string(value.detail)
}


function readRefusalOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readRefusal(from)
}
function writeRefusalOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeRefusal(to, value)
}


function readMetadataCommandReply(from: AvroReader) {
  return {
    correlation: from.long(),
    refusal: readRefusalOrNull(from),
    first: readLongOrNull(from),
    count: readIntOrNull(from),
    index: readLongOrNull(from),
  }
}
function writeMetadataCommandReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeRefusalOrNull(to, value.refusal === undefined ? null : value.refusal)
  writeLongOrNull(to, value.first === undefined ? null : value.first)
  writeIntOrNull(to, value.count === undefined ? null : value.count)
  writeLongOrNull(to, value.index === undefined ? null : value.index)
}


function readPartitionStatus(from: AvroReader) {
  return {
    correlation: from.long(),
    groups: from.list(100000, readLong),
    asker: readAskerOrNull(from),
  }
}
function writePartitionStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.groups, writeLong)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readFigures(from: AvroReader) {
  return {
    group: from.long(),
    term: from.int(),
    inSync: from.list(1000, readInt),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
function writeFigures(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.term)
  to.list(value.inSync, writeInt)
  to.long(value.logStart)
  to.long(value.highWatermark)
}


function readPartitionStatusReply(from: AvroReader) {
  return {
    correlation: from.long(),
    partitions: from.list(100000, readFigures),
  }
}
function writePartitionStatusReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.partitions, writeFigures)
}


function readGroupReport(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    tail: from.boolean(),
    asker: readAskerOrNull(from),
  }
}
function writeGroupReport(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.boolean(value.tail)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readAdmission(from: AvroReader) {
  return {
    broker: from.int(),
    admission: from.long(),
  }
}
function writeAdmission(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.long(value.admission)
}


function readConfiguration(from: AvroReader) {
  return {
    voters: from.list(1000, readInt),
    outgoing: from.list(1000, readInt),
    learners: from.list(10000, readInt),
    admissions: from.list(10000, readAdmission),
  }
}
function writeConfiguration(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.voters, writeInt)
  to.list(value.outgoing, writeInt)
  to.list(value.learners, writeInt)
  to.list(value.admissions, writeAdmission)
}


function readTarget(from: AvroReader) {
  return {
    voters: from.list(1000, readInt),
    learners: from.list(10000, readInt),
    admissions: from.list(10000, readAdmission),
  }
}
function writeTarget(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.voters, writeInt)
  to.list(value.learners, writeInt)
  to.list(value.admissions, writeAdmission)
}


function readTargetOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readTarget(from)
}
function writeTargetOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeTarget(to, value)
}


function readStringOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.string()
}
function writeStringOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.string(value)
}


function readChange(from: AvroReader) {
  return {
    stage: from.string(),
    target: readTargetOrNull(from),
    round: from.int(),
    reason: readStringOrNull(from),
  }
}
function writeChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.stage)
  writeTargetOrNull(to, value.target)
  to.int(value.round)
  writeStringOrNull(to, value.reason)
}


function readOutcome(from: AvroReader) {
  return {
    outcome: from.string(),
    reason: from.string(),
  }
}
function writeOutcome(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.outcome)
  to.string(value.reason)
}


function readOutcomeOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readOutcome(from)
}
function writeOutcomeOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeOutcome(to, value)
}


function readFollower(from: AvroReader) {
  return {
    id: from.int(),
    matchIndex: from.long(),
    nextIndex: from.long(),
    state: from.string(),
    inflight: from.int(),
    active: from.boolean(),
  }
}
function writeFollower(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.long(value.matchIndex)
  to.long(value.nextIndex)
  to.string(value.state)
  to.int(value.inflight)
  to.boolean(value.active)
}


function readInstalling(from: AvroReader) {
  return {
    source: from.int(),
    receivedBytes: from.long(),
    totalBytes: from.long(),
  }
}
function writeInstalling(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.source)
  to.long(value.receivedBytes)
  to.long(value.totalBytes)
}


function readInstallingOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readInstalling(from)
}
function writeInstallingOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeInstalling(to, value)
}


function readLastSnapshot(from: AvroReader) {
  return {
    index: from.long(),
    term: from.int(),
    at: from.long(),
    bytes: from.long(),
  }
}
function writeLastSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.index)
  to.int(value.term)
  to.long(value.at)
  to.long(value.bytes)
}


function readLastSnapshotOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readLastSnapshot(from)
}
function writeLastSnapshotOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeLastSnapshot(to, value)
}


function readGroupStatus(from: AvroReader) {
  return {
    group: from.long(),
    role: from.string(),
    term: from.int(),
    leader: from.int(),
    asleep: from.boolean(),
    commitIndex: from.long(),
    lastIndex: from.long(),
    durableIndex: from.long(),
    prevIndex: from.long(),
    configuration: readConfiguration(from),
    configurationIndex: from.long(),
    change: readChange(from),
    lastChange: readOutcomeOrNull(from),
    transferringTo: readIntOrNull(from),
    electionFactor: from.int(),
    followers: from.list(10000, readFollower),
    voters: from.list(1000, readInt),
    inSync: from.list(1000, readInt),
    highWatermark: from.long(),
    logStart: from.long(),
    sizeBytes: from.long(),
    trouble: readStringOrNull(from),
    installing: readInstallingOrNull(from),
    snapshot: readLastSnapshotOrNull(from),
  }
}
function writeGroupStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.string(value.role)
  to.int(value.term)
  to.int(value.leader)
  to.boolean(value.asleep)
  to.long(value.commitIndex)
  to.long(value.lastIndex)
  to.long(value.durableIndex)
  to.long(value.prevIndex)
  writeConfiguration(to, value.configuration)
  to.long(value.configurationIndex)
  writeChange(to, value.change)
  writeOutcomeOrNull(to, value.lastChange)
  writeIntOrNull(to, value.transferringTo)
  to.int(value.electionFactor)
  to.list(value.followers, writeFollower)
  to.list(value.voters, writeInt)
  to.list(value.inSync, writeInt)
  to.long(value.highWatermark)
  to.long(value.logStart)
  to.long(value.sizeBytes)
  writeStringOrNull(to, value.trouble)
  writeInstallingOrNull(to, value.installing)
  writeLastSnapshotOrNull(to, value.snapshot)
}


function readBatchPlace(from: AvroReader) {
  return {
    baseOffset: from.long(),
    lastOffset: from.long(),
    bytes: from.int(),
  }
}
function writeBatchPlace(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.int(value.bytes)
}


function readBatchPlaceOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readBatchPlace(from)
}
function writeBatchPlaceOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeBatchPlace(to, value)
}


function readEntryState(from: AvroReader) {
  return {
    index: from.long(),
    term: readIntOrNull(from),
    kind: readIntOrNull(from),
    batch: readBatchPlaceOrNull(from),
    state: from.string(),
  }
}
function writeEntryState(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.index)
  writeIntOrNull(to, value.term)
  writeIntOrNull(to, value.kind)
  writeBatchPlaceOrNull(to, value.batch)
  to.string(value.state)
}


function readGroupReportReply(from: AvroReader) {
  return {
    correlation: from.long(),
    broker: from.int(),
    status: readGroupStatus(from),
    lastTerm: from.int(),
    tail: from.list(1000, readEntryState),
  }
}
function writeGroupReportReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.broker)
  writeGroupStatus(to, value.status)
  to.int(value.lastTerm)
  to.list(value.tail, writeEntryState)
}


function readDriveChange(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    change: from.long(),
  }
}
function writeDriveChange(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.change)
}


function readDriveChangeReply(from: AvroReader) {
  return {
    correlation: from.long(),
    state: from.string(),
    reason: from.string(),
  }
}
function writeDriveChangeReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.state)
  to.string(value.reason)
}


function readChangeMetadataVoters(from: AvroReader) {
  return {
    correlation: from.long(),
    voters: from.list(1000, readInt),
    asker: readAskerOrNull(from),
  }
}
function writeChangeMetadataVoters(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.voters, writeInt)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readChangeMetadataVotersReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeChangeMetadataVotersReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readCancelChange2(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeCancelChange2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readCancelChangeReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeCancelChangeReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readTransferLeadership(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    to: from.int(),
    asker: readAskerOrNull(from),
  }
}
function writeTransferLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.to)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readTransferLeadershipReply(from: AvroReader) {
  return {
    correlation: from.long(),
    leader: from.int(),
  }
}
function writeTransferLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.leader)
}


function readCondition(from: AvroReader) {
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
function writeCondition(to: AvroWriter, fields: unknown): void {
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


function readConditionOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readCondition(from)
}
function writeConditionOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeCondition(to, value)
}


function readCascadeReport(from: AvroReader) {
  return {
    broker: from.int(),
    directoryId: from.string(),
    http: from.string(),
    level: from.int(),
    home: from.int(),
    source: from.int(),
    pinned: from.int(),
    lagRecords: from.long(),
    lagBytes: from.long(),
    lagMs: from.long(),
    partitions: from.long(),
    stopped: from.long(),
    ageMs: from.long(),
    featureLevels: readLevelRange(from),
    condition: readConditionOrNull(from),
    overtaken: from.long(),
    missedRecords: from.long(),
    rack: from.string(),
    connections: from.int(),
    sentBytesPerSecond: from.long(),
    clientBytesPerSecond: from.long(),
    copiedBytesPerSecond: from.long(),
    topics: from.list(1000, readString),
  }
}
function writeCascadeReport(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.string(value.directoryId)
  to.string(value.http)
  to.int(value.level)
  to.int(value.home)
  to.int(value.source)
  to.int(value.pinned)
  to.long(value.lagRecords)
  to.long(value.lagBytes === undefined ? 0 : value.lagBytes)
  to.long(value.lagMs)
  to.long(value.partitions)
  to.long(value.stopped)
  to.long(value.ageMs)
  writeLevelRange(to, value.featureLevels)
  writeConditionOrNull(to, value.condition === undefined ? null : value.condition)
  to.long(value.overtaken === undefined ? 0 : value.overtaken)
  to.long(value.missedRecords === undefined ? 0 : value.missedRecords)
  to.string(value.rack === undefined ? "" : value.rack)
  to.int(value.connections === undefined ? -1 : value.connections)
  to.long(value.sentBytesPerSecond === undefined ? -1 : value.sentBytesPerSecond)
  to.long(value.clientBytesPerSecond === undefined ? -1 : value.clientBytesPerSecond)
  to.long(value.copiedBytesPerSecond === undefined ? -1 : value.copiedBytesPerSecond)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}


function readCascadeBeat(from: AvroReader) {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    broker: from.int(),
    reports: from.list(10000, readCascadeReport),
    after: from.int(),
    ages: from.list(10000, readInt),
    gone: from.list(10000, readInt),
    list: from.int(),
  }
}
function writeCascadeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.int(value.broker)
  to.list(value.reports, writeCascadeReport)
  to.int(value.after === undefined ? 0 : value.after)
  to.list(value.ages === undefined ? [] : value.ages, writeInt)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
  to.int(value.list === undefined ? -1 : value.list)
}


function readAssignment(from: AvroReader) {
  return {
    broker: from.int(),
    source: from.int(),
    pin: readIntOrNull(from),
  }
}
function writeAssignment(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.source)
  writeIntOrNull(to, value.pin)
}


function readClusterBroker(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    peer: from.string(),
    level: from.int(),
    alive: from.boolean(),
    pid: from.long(),
    featureLevels: readLevelRangeOrNull(from),
    rack: from.string(),
    load: readBrokerLoadOrNull(from),
    topics: from.list(1000, readString),
  }
}
function writeClusterBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.string(value.peer)
  to.int(value.level)
  to.boolean(value.alive)
  to.long(value.pid)
  writeLevelRangeOrNull(to, value.featureLevels)
  to.string(value.rack === undefined ? "" : value.rack)
  writeBrokerLoadOrNull(to, value.load === undefined ? null : value.load)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}


function readCascadeBeatReply(from: AvroReader) {
  return {
    correlation: from.long(),
    clusterId: from.string(),
    broker: from.int(),
    level: from.int(),
    ancestors: from.list(10000, readInt),
    assignments: from.list(10000, readAssignment),
    metadataLeader: from.int(),
    featureLevel: readIntOrNull(from),
    brokers: from.list(20000, readClusterBroker),
    topics: from.string(),
    topicsVersion: from.long(),
    caughtUp: from.boolean(),
    security: from.string(),
    taken: from.int(),
    list: from.int(),
    listAfter: from.int(),
    gone: from.list(20000, readInt),
  }
}
function writeCascadeBeatReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.clusterId)
  to.int(value.broker)
  to.int(value.level)
  to.list(value.ancestors, writeInt)
  to.list(value.assignments, writeAssignment)
  to.int(value.metadataLeader)
  writeIntOrNull(to, value.featureLevel)
  to.list(value.brokers, writeClusterBroker)
  to.string(value.topics)
  to.long(value.topicsVersion)
  to.boolean(value.caughtUp)
  to.string(value.security === undefined ? "" : value.security)
  to.int(value.taken === undefined ? 0 : value.taken)
  to.int(value.list === undefined ? 0 : value.list)
  to.int(value.listAfter === undefined ? 0 : value.listAfter)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
}


function readCascadeTopics(from: AvroReader) {
  return {
    correlation: from.long(),
    from: from.int(),
  }
}
function writeCascadeTopics(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.from)
}


function readBooleanOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : from.boolean()
}
function writeBooleanOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) to.boolean(value)
}


function readTopicConfig(from: AvroReader) {
  return {
    maxBatchBytes: readLongOrNull(from),
    retentionBytes: readLongOrNull(from),
    retentionMs: readLongOrNull(from),
    readOnly: readBooleanOrNull(from),
    timestampBeforeMaxMs: readLongOrNull(from),
    timestampAfterMaxMs: readLongOrNull(from),
    segmentBytes: readLongOrNull(from),
    segmentMs: readLongOrNull(from),
    minInsyncReplicas: readLongOrNull(from),
  }
}
function writeTopicConfig(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeLongOrNull(to, value.maxBatchBytes === undefined ? null : value.maxBatchBytes)
  writeLongOrNull(to, value.retentionBytes === undefined ? null : value.retentionBytes)
  writeLongOrNull(to, value.retentionMs === undefined ? null : value.retentionMs)
  writeBooleanOrNull(to, value.readOnly === undefined ? null : value.readOnly)
  writeLongOrNull(to, value.timestampBeforeMaxMs === undefined ? null : value.timestampBeforeMaxMs)
  writeLongOrNull(to, value.timestampAfterMaxMs === undefined ? null : value.timestampAfterMaxMs)
  writeLongOrNull(to, value.segmentBytes === undefined ? null : value.segmentBytes)
  writeLongOrNull(to, value.segmentMs === undefined ? null : value.segmentMs)
  writeLongOrNull(to, value.minInsyncReplicas === undefined ? null : value.minInsyncReplicas)
}


function readDeletedRecords(from: AvroReader) {
  return {
    partition: from.int(),
    before: from.long(),
  }
}
function writeDeletedRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.partition)
  to.long(value.before)
}


function readTopicSummary(from: AvroReader) {
  return {
    name: from.string(),
    id: from.string(),
    partitions: from.int(),
    replicas: from.int(),
    config: readTopicConfig(from),
    deleted: from.list(100000, readDeletedRecords),
  }
}
function writeTopicSummary(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.id)
  to.int(value.partitions)
  to.int(value.replicas)
  writeTopicConfig(to, value.config)
  to.list(value.deleted === undefined ? [] : value.deleted, writeDeletedRecords)
}


function readCascadeTopicsReply(from: AvroReader) {
  return {
    correlation: from.long(),
    digest: from.string(),
    version: from.long(),
    total: from.int(),
    topics: from.list(5000, readTopicSummary),
  }
}
function writeCascadeTopicsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.digest)
  to.long(value.version)
  to.int(value.total)
  to.list(value.topics, writeTopicSummary)
}


function readCascadeReports(from: AvroReader) {
  return {
    correlation: from.long(),
    reports: from.list(10000, readCascadeReport),
    after: from.int(),
    ages: from.list(10000, readInt),
    gone: from.list(10000, readInt),
    list: from.int(),
  }
}
function writeCascadeReports(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.reports, writeCascadeReport)
  to.int(value.after === undefined ? 0 : value.after)
  to.list(value.ages === undefined ? [] : value.ages, writeInt)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
  to.int(value.list === undefined ? -1 : value.list)
}


function readCascadeReportsReply(from: AvroReader) {
  return {
    correlation: from.long(),
    assignments: from.list(10000, readAssignment),
    cascades: from.list(10000, readClusterBroker),
    taken: from.int(),
    list: from.int(),
    listAfter: from.int(),
    gone: from.list(20000, readInt),
  }
}
function writeCascadeReportsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.assignments, writeAssignment)
  to.list(value.cascades, writeClusterBroker)
  to.int(value.taken === undefined ? 0 : value.taken)
  to.int(value.list === undefined ? 0 : value.list)
  to.int(value.listAfter === undefined ? 0 : value.listAfter)
  to.list(value.gone === undefined ? [] : value.gone, writeInt)
}


function readCascadeStatus(from: AvroReader) {
  return {
    correlation: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeCascadeStatus(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readCascadeReport2(from: AvroReader) {
  return {
    broker: from.int(),
    directoryId: from.string(),
    http: from.string(),
    level: from.int(),
    home: from.int(),
    source: from.int(),
    pinned: from.int(),
    lagRecords: from.long(),
    lagBytes: from.long(),
    lagMs: from.long(),
    partitions: from.long(),
    stopped: from.long(),
    ageMs: from.long(),
    featureLevels: readLevelRange(from),
    assigned: from.int(),
    condition: readConditionOrNull(from),
    overtaken: from.long(),
    missedRecords: from.long(),
    rack: from.string(),
    connections: from.int(),
    sentBytesPerSecond: from.long(),
    clientBytesPerSecond: from.long(),
    copiedBytesPerSecond: from.long(),
    topics: from.list(1000, readString),
  }
}
function writeCascadeReport2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.string(value.directoryId)
  to.string(value.http)
  to.int(value.level)
  to.int(value.home)
  to.int(value.source)
  to.int(value.pinned)
  to.long(value.lagRecords)
  to.long(value.lagBytes === undefined ? 0 : value.lagBytes)
  to.long(value.lagMs)
  to.long(value.partitions)
  to.long(value.stopped)
  to.long(value.ageMs)
  writeLevelRange(to, value.featureLevels)
  to.int(value.assigned)
  writeConditionOrNull(to, value.condition === undefined ? null : value.condition)
  to.long(value.overtaken === undefined ? 0 : value.overtaken)
  to.long(value.missedRecords === undefined ? 0 : value.missedRecords)
  to.string(value.rack === undefined ? "" : value.rack)
  to.int(value.connections === undefined ? -1 : value.connections)
  to.long(value.sentBytesPerSecond === undefined ? -1 : value.sentBytesPerSecond)
  to.long(value.clientBytesPerSecond === undefined ? -1 : value.clientBytesPerSecond)
  to.long(value.copiedBytesPerSecond === undefined ? -1 : value.copiedBytesPerSecond)
  to.list(value.topics === undefined ? [] : value.topics, writeString)
}


function readCascadeStatusReply(from: AvroReader) {
  return {
    correlation: from.long(),
    brokers: from.list(10000, readCascadeReport2),
  }
}
function writeCascadeStatusReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.list(value.brokers, writeCascadeReport2)
}


function readAssignSource(from: AvroReader) {
  return {
    correlation: from.long(),
    broker: from.int(),
    source: from.int(),
    asker: readAskerOrNull(from),
  }
}
function writeAssignSource(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.broker)
  to.int(value.source)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readAssignSourceReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeAssignSourceReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readCascadeSecurity(from: AvroReader) {
  return {
    correlation: from.long(),
    from: from.int(),
  }
}
function writeCascadeSecurity(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.int(value.from)
}


function readUser(from: AvroReader) {
  return {
    name: from.string(),
    scram: from.list(10, readScram),
  }
}
function writeUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.list(value.scram, writeScram)
}


function readQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    limits: from.list(100, readQuotaLimit),
  }
}
function writeQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.list(value.limits, writeQuotaLimit)
}


function readCascadeSecurityReply(from: AvroReader) {
  return {
    correlation: from.long(),
    digest: from.string(),
    total: from.int(),
    users: from.list(5000, readUser),
    tokens: from.list(5000, readToken),
    acls: from.list(5000, readAcl),
    quotas: from.list(5000, readQuota),
    quotaTotal: from.int(),
  }
}
function writeCascadeSecurityReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.digest)
  to.int(value.total)
  to.list(value.users, writeUser)
  to.list(value.tokens, writeToken)
  to.list(value.acls, writeAcl)
  to.list(value.quotas === undefined ? [] : value.quotas, writeQuota)
  to.int(value.quotaTotal === undefined ? -1 : value.quotaTotal)
}


function readMayLead(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
  }
}
function writeMayLead(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
}


function readMayLeadReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeMayLeadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readReturnLeadership(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    to: from.int(),
  }
}
function writeReturnLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.to)
}


function readReturnLeadershipReply(from: AvroReader) {
  return {
    correlation: from.long(),
    outcome: from.string(),
  }
}
function writeReturnLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.outcome)
}


function readKeepLeadership(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeKeepLeadership(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readKeepLeadershipReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeKeepLeadershipReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readTakeSnapshot(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeTakeSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readTakeSnapshotReply(from: AvroReader) {
  return {
    correlation: from.long(),
    index: from.long(),
    term: from.int(),
    at: from.long(),
    bytes: from.long(),
  }
}
function writeTakeSnapshotReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.index)
  to.int(value.term)
  to.long(value.at)
  to.long(value.bytes)
}


function readOfferSnapshot(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    source: from.int(),
    index: from.long(),
    term: from.int(),
    asker: readAskerOrNull(from),
  }
}
function writeOfferSnapshot(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.int(value.source)
  to.long(value.index)
  to.int(value.term)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readOfferSnapshotReply(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeOfferSnapshotReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readBrokerCondition(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeBrokerCondition(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readBrokerConditionReply(from: AvroReader) {
  return {
    correlation: from.long(),
    condition: readCondition(from),
  }
}
function writeBrokerConditionReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeCondition(to, value.condition)
}


function readWatchedEnd(from: AvroReader) {
  return {
    group: from.long(),
    offset: from.long(),
  }
}
function writeWatchedEnd(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.offset)
}


function readWatchEnds(from: AvroReader) {
  return {
    correlation: from.long(),
    session: from.long(),
    begins: from.boolean(),
    added: from.list(10000, readWatchedEnd),
    dropped: from.list(10000, readLong),
    waitMs: from.int(),
  }
}
function writeWatchEnds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.session)
  to.boolean(value.begins)
  to.list(value.added, writeWatchedEnd)
  to.list(value.dropped, writeLong)
  to.int(value.waitMs)
}


function readWatchEndsReply(from: AvroReader) {
  return {
    correlation: from.long(),
    known: from.boolean(),
    moved: from.list(10000, readLong),
  }
}
function writeWatchEndsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.boolean(value.known)
  to.list(value.moved, writeLong)
}


function readPublishIf(from: AvroReader) {
  return {
    correlation: from.long(),
    topic: from.string(),
    partition: from.int(),
    timeoutMs: from.int(),
    expectedOffset: from.long(),
    fence: from.long(),
    topicId: from.string(),
    asker: readAskerOrNull(from),
  }
}
function writePublishIf(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.topic)
  to.int(value.partition)
  to.int(value.timeoutMs)
  to.long(value.expectedOffset)
  to.long(value.fence)
  to.string(value.topicId === undefined ? "" : value.topicId)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readPublishIfReply(from: AvroReader) {
  return {
    correlation: from.long(),
    baseOffset: from.long(),
    lastOffset: from.long(),
    duplicate: from.boolean(),
    term: from.int(),
    index: from.long(),
    holders: from.list(1000, readInt),
    seal: from.string(),
  }
}
function writePublishIfReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.baseOffset)
  to.long(value.lastOffset)
  to.boolean(value.duplicate)
  to.int(value.term === undefined ? 0 : value.term)
  to.long(value.index === undefined ? 0 : value.index)
  to.list(value.holders === undefined ? [] : value.holders, writeInt)
  to.string(value.seal === undefined ? "" : value.seal)
}


function readBrokerLoad2(from: AvroReader) {
  return {
    correlation: from.long(),
  }
}
function writeBrokerLoad2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
}


function readReplicaLoad(from: AvroReader) {
  return {
    group: from.long(),
    bytes: from.long(),
    logStart: from.long(),
    highWatermark: from.long(),
  }
}
function writeReplicaLoad(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.bytes)
  to.long(value.logStart)
  to.long(value.highWatermark)
}


function readBrokerLoadReply(from: AvroReader) {
  return {
    correlation: from.long(),
    freeBytes: from.long(),
    reserveBytes: from.long(),
    replicas: from.list(100000, readReplicaLoad),
  }
}
function writeBrokerLoadReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.freeBytes)
  to.long(value.reserveBytes)
  to.list(value.replicas, writeReplicaLoad)
}


function readDeleteRecords(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.long(),
    before: from.long(),
    asker: readAskerOrNull(from),
  }
}
function writeDeleteRecords(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.group)
  to.long(value.before)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}


function readDeleteRecordsReply(from: AvroReader) {
  return {
    correlation: from.long(),
    logStart: from.long(),
  }
}
function writeDeleteRecordsReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.long(value.logStart)
}


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


function readConsumerGroup(from: AvroReader) {
  return {
    correlation: from.long(),
    group: from.string(),
    member: from.string(),
    request: readOneOfBeat2ToAlter(from),
    asker: readAskerOrNull(from),
  }
}
function writeConsumerGroup(to: AvroWriter, fields: unknown): void {
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
  }
}
function writeBeaten(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.epoch)
  to.int(value.heartbeatMs)
  to.list(value.assignment, writeLeased)
  to.list(value.revoke, writePlace)
  to.list(value.due, writeDue)
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


function readConsumerGroupReply(from: AvroReader) {
  return {
    correlation: from.long(),
    result: readOneOfBeatenToListed(from),
  }
}
function writeConsumerGroupReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeOneOfBeatenToListed(to, value.result)
}

export const codecs: { readonly [Name in MessageName]: Codec<Name> } = {
  Hello: { read: readHello, write: writeHello, isCorrelated: false },
  HelloReply: { read: readHelloReply, write: writeHelloReply, isCorrelated: false },
  Failure: { read: readFailure, write: writeFailure, isCorrelated: true },
  Schemas: { read: readSchemas, write: writeSchemas, isCorrelated: false },
  Challenge: { read: readChallenge, write: writeChallenge, isCorrelated: false },
  Append: { read: readAppend, write: writeAppend, isCorrelated: false },
  AppendReply: { read: readAppendReply, write: writeAppendReply, isCorrelated: false },
  Vote: { read: readVote, write: writeVote, isCorrelated: false },
  VoteReply: { read: readVoteReply, write: writeVoteReply, isCorrelated: false },
  Heartbeats: { read: readHeartbeats, write: writeHeartbeats, isCorrelated: false },
  HeartbeatReplies: { read: readHeartbeatReplies, write: writeHeartbeatReplies, isCorrelated: false },
  Leaders: { read: readLeaders, write: writeLeaders, isCorrelated: false },
  Snapshot: { read: readSnapshot, write: writeSnapshot, isCorrelated: false },
  TimeoutNow: { read: readTimeoutNow, write: writeTimeoutNow, isCorrelated: false },
  NodeBeat: { read: readNodeBeat, write: writeNodeBeat, isCorrelated: false },
  Publish: { read: readPublish, write: writePublish, isCorrelated: true },
  PublishReply: { read: readPublishReply, write: writePublishReply, isCorrelated: true },
  Fetch: { read: readFetch, write: writeFetch, isCorrelated: true },
  FetchReply: { read: readFetchReply, write: writeFetchReply, isCorrelated: true },
  FindOffset: { read: readFindOffset, write: writeFindOffset, isCorrelated: true },
  FindOffsetReply: { read: readFindOffsetReply, write: writeFindOffsetReply, isCorrelated: true },
  InitProducer: { read: readInitProducer, write: writeInitProducer, isCorrelated: true },
  InitProducerReply: { read: readInitProducerReply, write: writeInitProducerReply, isCorrelated: true },
  Metadata: { read: readMetadata, write: writeMetadata, isCorrelated: true },
  MetadataReply: { read: readMetadataReply, write: writeMetadataReply, isCorrelated: true },
  CopyOpen: { read: readCopyOpen, write: writeCopyOpen, isCorrelated: true },
  CopyOpenReply: { read: readCopyOpenReply, write: writeCopyOpenReply, isCorrelated: true },
  CopyRead: { read: readCopyRead, write: writeCopyRead, isCorrelated: true },
  CopyReadReply: { read: readCopyReadReply, write: writeCopyReadReply, isCorrelated: true },
  CopyClose: { read: readCopyClose, write: writeCopyClose, isCorrelated: true },
  CopyCloseReply: { read: readCopyCloseReply, write: writeCopyCloseReply, isCorrelated: true },
  ReadEntries: { read: readReadEntries, write: writeReadEntries, isCorrelated: true },
  ReadEntriesReply: { read: readReadEntriesReply, write: writeReadEntriesReply, isCorrelated: true },
  Subscribe: { read: readSubscribe, write: writeSubscribe, isCorrelated: false },
  Subscribed: { read: readSubscribed, write: writeSubscribed, isCorrelated: false },
  Records: { read: readRecords, write: writeRecords, isCorrelated: false },
  Credit: { read: readCredit, write: writeCredit, isCorrelated: false },
  Unsubscribe: { read: readUnsubscribe, write: writeUnsubscribe, isCorrelated: false },
  SubscriptionEnd: { read: readSubscriptionEnd, write: writeSubscriptionEnd, isCorrelated: false },
  Brokers: { read: readBrokers, write: writeBrokers, isCorrelated: true },
  BrokersReply: { read: readBrokersReply, write: writeBrokersReply, isCorrelated: true },
  SleepingGroups: { read: readSleepingGroups, write: writeSleepingGroups, isCorrelated: false },
  WakeGroups: { read: readWakeGroups, write: writeWakeGroups, isCorrelated: false },
  Lives: { read: readLives, write: writeLives, isCorrelated: false },
  Witness: { read: readWitness, write: writeWitness, isCorrelated: false },
  Authenticate: { read: readAuthenticate, write: writeAuthenticate, isCorrelated: true },
  AuthenticateReply: { read: readAuthenticateReply, write: writeAuthenticateReply, isCorrelated: true },
  Formation: { read: readFormation, write: writeFormation, isCorrelated: true },
  FormationReply: { read: readFormationReply, write: writeFormationReply, isCorrelated: true },
  Join: { read: readJoin, write: writeJoin, isCorrelated: true },
  JoinReply: { read: readJoinReply, write: writeJoinReply, isCorrelated: true },
  MetadataCommand: { read: readMetadataCommand, write: writeMetadataCommand, isCorrelated: true },
  MetadataCommandReply: { read: readMetadataCommandReply, write: writeMetadataCommandReply, isCorrelated: true },
  PartitionStatus: { read: readPartitionStatus, write: writePartitionStatus, isCorrelated: true },
  PartitionStatusReply: { read: readPartitionStatusReply, write: writePartitionStatusReply, isCorrelated: true },
  GroupReport: { read: readGroupReport, write: writeGroupReport, isCorrelated: true },
  GroupReportReply: { read: readGroupReportReply, write: writeGroupReportReply, isCorrelated: true },
  DriveChange: { read: readDriveChange, write: writeDriveChange, isCorrelated: true },
  DriveChangeReply: { read: readDriveChangeReply, write: writeDriveChangeReply, isCorrelated: true },
  ChangeMetadataVoters: { read: readChangeMetadataVoters, write: writeChangeMetadataVoters, isCorrelated: true },
  ChangeMetadataVotersReply: { read: readChangeMetadataVotersReply, write: writeChangeMetadataVotersReply, isCorrelated: true },
  CancelChange: { read: readCancelChange2, write: writeCancelChange2, isCorrelated: true },
  CancelChangeReply: { read: readCancelChangeReply, write: writeCancelChangeReply, isCorrelated: true },
  TransferLeadership: { read: readTransferLeadership, write: writeTransferLeadership, isCorrelated: true },
  TransferLeadershipReply: { read: readTransferLeadershipReply, write: writeTransferLeadershipReply, isCorrelated: true },
  CascadeBeat: { read: readCascadeBeat, write: writeCascadeBeat, isCorrelated: true },
  CascadeBeatReply: { read: readCascadeBeatReply, write: writeCascadeBeatReply, isCorrelated: true },
  CascadeTopics: { read: readCascadeTopics, write: writeCascadeTopics, isCorrelated: true },
  CascadeTopicsReply: { read: readCascadeTopicsReply, write: writeCascadeTopicsReply, isCorrelated: true },
  CascadeReports: { read: readCascadeReports, write: writeCascadeReports, isCorrelated: true },
  CascadeReportsReply: { read: readCascadeReportsReply, write: writeCascadeReportsReply, isCorrelated: true },
  CascadeStatus: { read: readCascadeStatus, write: writeCascadeStatus, isCorrelated: true },
  CascadeStatusReply: { read: readCascadeStatusReply, write: writeCascadeStatusReply, isCorrelated: true },
  AssignSource: { read: readAssignSource, write: writeAssignSource, isCorrelated: true },
  AssignSourceReply: { read: readAssignSourceReply, write: writeAssignSourceReply, isCorrelated: true },
  CascadeSecurity: { read: readCascadeSecurity, write: writeCascadeSecurity, isCorrelated: true },
  CascadeSecurityReply: { read: readCascadeSecurityReply, write: writeCascadeSecurityReply, isCorrelated: true },
  MayLead: { read: readMayLead, write: writeMayLead, isCorrelated: true },
  MayLeadReply: { read: readMayLeadReply, write: writeMayLeadReply, isCorrelated: true },
  ReturnLeadership: { read: readReturnLeadership, write: writeReturnLeadership, isCorrelated: true },
  ReturnLeadershipReply: { read: readReturnLeadershipReply, write: writeReturnLeadershipReply, isCorrelated: true },
  KeepLeadership: { read: readKeepLeadership, write: writeKeepLeadership, isCorrelated: true },
  KeepLeadershipReply: { read: readKeepLeadershipReply, write: writeKeepLeadershipReply, isCorrelated: true },
  TakeSnapshot: { read: readTakeSnapshot, write: writeTakeSnapshot, isCorrelated: true },
  TakeSnapshotReply: { read: readTakeSnapshotReply, write: writeTakeSnapshotReply, isCorrelated: true },
  OfferSnapshot: { read: readOfferSnapshot, write: writeOfferSnapshot, isCorrelated: true },
  OfferSnapshotReply: { read: readOfferSnapshotReply, write: writeOfferSnapshotReply, isCorrelated: true },
  BrokerCondition: { read: readBrokerCondition, write: writeBrokerCondition, isCorrelated: true },
  BrokerConditionReply: { read: readBrokerConditionReply, write: writeBrokerConditionReply, isCorrelated: true },
  WatchEnds: { read: readWatchEnds, write: writeWatchEnds, isCorrelated: true },
  WatchEndsReply: { read: readWatchEndsReply, write: writeWatchEndsReply, isCorrelated: true },
  PublishIf: { read: readPublishIf, write: writePublishIf, isCorrelated: true },
  PublishIfReply: { read: readPublishIfReply, write: writePublishIfReply, isCorrelated: true },
  BrokerLoad: { read: readBrokerLoad2, write: writeBrokerLoad2, isCorrelated: true },
  BrokerLoadReply: { read: readBrokerLoadReply, write: writeBrokerLoadReply, isCorrelated: true },
  DeleteRecords: { read: readDeleteRecords, write: writeDeleteRecords, isCorrelated: true },
  DeleteRecordsReply: { read: readDeleteRecordsReply, write: writeDeleteRecordsReply, isCorrelated: true },
  ConsumerGroup: { read: readConsumerGroup, write: writeConsumerGroup, isCorrelated: true },
  ConsumerGroupReply: { read: readConsumerGroupReply, write: writeConsumerGroupReply, isCorrelated: true },
}
