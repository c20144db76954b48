import type { ErrorFields, MessageName, MessageShapes } from './messages.ts'

const error: ErrorFields = { code: 'NOT_LEADER', message: 'Über den Wolken', retriable: true, hint: 'look elsewhere' }
const far = Number.MAX_SAFE_INTEGER - 1
const correlation = 2 ** 40

/** One of each message with no field at its zero, for tests of whatever carries messages. Types hold it against messages.ts. */
export const sampleMessages: { [Name in MessageName]: MessageShapes[Name] } = {
  Hello: {
    protocol: 1,
    schemas: 'f00',
    brokerId: 1,
    directoryId: 'd',
    incarnation: 'i',
    clusterId: 'c',
    peer: '127.0.0.1:7080',
    http: '127.0.0.1:8080',
    formed: true,
  },
  HelloReply: {
    brokerId: 0x7fffffff,
    directoryId: 'd',
    incarnation: 'i',
    clusterId: 'c',
    peer: 'p:1',
    http: 'h:2',
    formed: true,
    protocolJson: '{}'.padEnd(9000),
    error,
  },
  Failure: { correlation, error },
  Append: {
    group: 7,
    term: 0x7fffffff,
    prevIndex: far,
    prevTerm: 2,
    commit: far,
    entries: [
      { term: 3, kind: 0, baseOffset: far, lastOffset: far, bytes: 1_000_000 },
      { term: 3, kind: 1, baseOffset: 1, lastOffset: 0, bytes: 81 },
    ],
  },
  AppendReply: { group: 7, term: 3, success: true, matchIndex: 5, rejectedIndex: 6, hintIndex: 7, hintTerm: 8 },
  Vote: { group: 7, term: 3, pre: true, transfer: true, lastIndex: 5, lastTerm: 2 },
  VoteReply: { group: 7, term: 3, pre: true, granted: true },
  Heartbeats: {
    beats: [
      { group: 7, term: 3, commit: far, sentAt: far },
      { group: 8, term: 1, commit: 1, sentAt: 1 },
    ],
  },
  HeartbeatReplies: { beats: [{ group: 7, term: 3, lastIndex: far, sentAt: far }] },
  Leaders: { leaders: [{ group: 7, term: 3 }] },
  Publish: { correlation, topic: 'flights', partition: 5, timeoutMs: 30_000 },
  PublishReply: { correlation, baseOffset: far, lastOffset: far, duplicate: true },
  Fetch: { correlation, topic: 'flights', partition: 5, offset: far, maxBytes: 1 << 20, waitMs: 500 },
  FetchReply: { correlation, nextOffset: far, highWatermark: far, logStart: 3 },
  FindOffset: { correlation, topic: 'flights', partition: 5, position: { kind: 'TIME', value: 1.8e12 } },
  FindOffsetReply: { correlation, offset: 5, highWatermark: 6, logStart: 4 },
  InitProducer: { correlation },
  InitProducerReply: { correlation, producerId: far, epoch: 32767 },
  Metadata: { correlation, topics: ['flights', 'trains'] },
  MetadataReply: {
    correlation,
    clusterId: 'c',
    brokers: [{ id: 1, http: 'h:1', alive: true }],
    topics: [{ name: 'flights', id: 'uuid', partitions: [{ partition: 1, leader: 2, term: 3, replicas: [1, 2, 3] }] }],
  },
  Subscribe: {
    subscription: 9,
    topic: 'flights',
    position: { kind: 'LATEST', value: 0 },
    partitions: [{ partition: 1, position: { kind: 'OFFSET', value: far } }],
    credit: 1 << 20,
  },
  Subscribed: { subscription: 9, partitions: [{ partition: 1, offset: 5, highWatermark: 6 }] },
  Records: { subscription: 9, partition: 1, nextOffset: 5, highWatermark: 6 },
  Credit: { subscription: 9, bytes: 2 ** 33 },
  Unsubscribe: { subscription: 9 },
  SubscriptionEnd: { subscription: 9, partition: -1, error },
  Admin: { correlation, operation: 'createTopic', json: '{"name":"flights"}' },
  AdminReply: { correlation, json: '{}' },
}
