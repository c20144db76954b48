import type { CascadeMessageShapes } from './cascade-messages.ts'
import type { ConsumerGroupMessageShapes } from './consumer-groups/messages.ts'
import type { BrokerId, GroupId, LogIndex, Offset, PartitionNumber, ProducerId, Term, Timestamp } from './ids.ts'
import type { Asked, Beat, BeatReply, PeerMessageShapes } from './peer-messages.ts'
import type { StreamMessageShapes } from './streams/messages.ts'

/**
 * Shapes of every message of the Tailrace protocol. Each has a number (below), an Avro schema in ../avro/<Name>.avsc
 * with the same field names and order, and may be followed by raw batch bytes ("body") that Avro never sees. Requests
 * and their replies carry the same `correlation`, their first field, chosen by the requester, unique on its connection.
 * Fields may be added with a default: they are optional here, for a writer may leave them out, and a reader always gets
 * them. Numbers are never reused.
 */
export const MessageNumber = {
  Hello: 1,
  HelloReply: 2,
  Failure: 3,
  Schemas: 4,
  Challenge: 5,
  Append: 10,
  AppendReply: 11,
  Vote: 12,
  VoteReply: 13,
  Heartbeats: 14,
  HeartbeatReplies: 15,
  Leaders: 16,
  Snapshot: 17,
  TimeoutNow: 18,
  NodeBeat: 19,
  Publish: 20,
  PublishReply: 21,
  Fetch: 22,
  FetchReply: 23,
  FindOffset: 24,
  FindOffsetReply: 25,
  InitProducer: 26,
  InitProducerReply: 27,
  Metadata: 28,
  MetadataReply: 29,
  CopyOpen: 30,
  CopyOpenReply: 31,
  CopyRead: 32,
  CopyReadReply: 33,
  CopyClose: 34,
  CopyCloseReply: 35,
  ReadEntries: 37,
  ReadEntriesReply: 38,
  Subscribe: 40,
  Subscribed: 41,
  Records: 42,
  Credit: 43,
  Unsubscribe: 44,
  SubscriptionEnd: 45,
  Brokers: 46,
  BrokersReply: 47,
  SleepingGroups: 50,
  WakeGroups: 51,
  Lives: 52,
  Witness: 53,
  Authenticate: 54,
  AuthenticateReply: 55,
  // 60 and 61 were Admin and AdminReply, a request by its name in JSON: never used again.
  Formation: 62,
  FormationReply: 63,
  Join: 64,
  JoinReply: 65,
  MetadataCommand: 66,
  MetadataCommandReply: 67,
  PartitionStatus: 68,
  PartitionStatusReply: 69,
  GroupReport: 70,
  GroupReportReply: 71,
  DriveChange: 72,
  DriveChangeReply: 73,
  ChangeMetadataVoters: 74,
  ChangeMetadataVotersReply: 75,
  CancelChange: 76,
  CancelChangeReply: 77,
  TransferLeadership: 78,
  TransferLeadershipReply: 79,
  CascadeBeat: 80,
  CascadeBeatReply: 81,
  CascadeTopics: 82,
  CascadeTopicsReply: 83,
  CascadeReports: 84,
  CascadeReportsReply: 85,
  CascadeStatus: 86,
  CascadeStatusReply: 87,
  AssignSource: 88,
  AssignSourceReply: 89,
  CascadeSecurity: 90,
  CascadeSecurityReply: 91,
  MayLead: 100,
  MayLeadReply: 101,
  ReturnLeadership: 102,
  ReturnLeadershipReply: 103,
  KeepLeadership: 104,
  KeepLeadershipReply: 105,
  TakeSnapshot: 106,
  TakeSnapshotReply: 107,
  OfferSnapshot: 108,
  OfferSnapshotReply: 109,
  BrokerCondition: 110,
  BrokerConditionReply: 111,
  WatchEnds: 112,
  WatchEndsReply: 113,
  PublishIf: 114,
  PublishIfReply: 115,
  BrokerLoad: 116,
  BrokerLoadReply: 117,
  DeleteRecords: 118,
  DeleteRecordsReply: 119,
  ConsumerGroup: 120,
  ConsumerGroupReply: 121,
  Stream: 122,
  StreamReply: 123,
} as const
export type MessageName = keyof typeof MessageNumber

/** Body of every Append: the entries' batches back to back, `bytes` each. */
export interface EntryFields {
  term: Term
  kind: number
  baseOffset: Offset
  lastOffset: Offset
  bytes: number
}

export interface MessageShapes
  extends CascadeMessageShapes,
    ConsumerGroupMessageShapes,
    PeerMessageShapes,
    StreamMessageShapes {
  /**
   * First frame of each side on a peer connection. `schemas` is the fingerprint of the sender's protocol; `incarnation`
   * is new at each start.
   */
  Hello: {
    protocol: number
    schemas: string
    brokerId: BrokerId
    directoryId: string
    incarnation: string
    clusterId: string
    peer: string
    http: string
    formed: boolean
  }
  HelloReply: {
    brokerId: BrokerId
    directoryId: string
    incarnation: string
    clusterId: string
    peer: string
    http: string
    formed: boolean
    protocolJson: string
    error: ErrorFields | null
  }
  /**
   * First frame of each side on a connection between brokers that have a cluster key. Body: a random nonce of 32 bytes;
   * behind the acceptor's its proof that it has the key. Hello then has a proof as its body.
   */
  Challenge: { protocol: number }
  /** Answer to any request that failed. */
  Failure: { correlation: number; error: ErrorFields }
  /** First frame of each side on a WebSocket whose client has named its schemas (stream-schemas.ts). */
  Schemas: { fingerprint: string; protocolJson: string }

  Append: { group: GroupId; term: Term; prevIndex: LogIndex; prevTerm: Term; commit: LogIndex; entries: EntryFields[] }
  AppendReply: {
    group: GroupId
    term: Term
    success: boolean
    matchIndex: LogIndex
    rejectedIndex: LogIndex
    hintIndex: LogIndex
    hintTerm: Term
    /** Which replica of the broker answers: 0: a founder; above 0: one that was admitted later. */
    admission?: number
  }
  Vote: { group: GroupId; term: Term; pre: boolean; transfer: boolean; lastIndex: LogIndex; lastTerm: Term }
  VoteReply: { group: GroupId; term: Term; pre: boolean; granted: boolean }
  Heartbeats: { beats: Beat[] }
  HeartbeatReplies: { beats: BeatReply[] }
  /**
   * The beat of a broker to each other broker (M87), with the number and digest of the sleeping groups that the two
   * share.
   */
  NodeBeat: { led: number; ledDigest: number; followed: number; followedDigest: number; durable: number }
  Lives: { directoryId: string; lives: string[]; atoned: string[]; recovered: number }
  Witness: { directoryId: string; life: string; durable: number }
  SleepingGroups: { led: { group: GroupId; term: Term }[]; followed: { group: GroupId; term: Term }[] }
  WakeGroups: { groups: GroupId[] }
  /** The groups that the sender leads; sent on connection and on change, so that every broker can route. */
  Leaders: { leaders: { group: GroupId; term: Term }[] }

  /**
   * Offers a state that covers the log up to (lastIndex, lastTerm); its data is fetched from broker `source` with
   * CopyOpen.
   */
  Snapshot: { group: GroupId; term: Term; lastIndex: LogIndex; lastTerm: Term; source: BrokerId }
  /** The leader transfers its leadership: the receiver campaigns at once (M81). */
  TimeoutNow: { group: GroupId; term: Term }

  /** Asks for a stable copy of a replica, at least up to (lastIndex, lastTerm). Reply's body: its manifest as JSON. */
  CopyOpen: { correlation: number; group: GroupId; lastIndex: LogIndex; lastTerm: Term }
  CopyOpenReply: { correlation: number; copy: number; crc32c: number }
  /** Reply's body: bytes of the file from `position` on, `maxBytes` at most; fewer only at its end. */
  CopyRead: { correlation: number; copy: number; file: string; position: number; maxBytes: number }
  CopyReadReply: { correlation: number; crc32c: number }
  /** `damaged`: the received bytes do not match the manifest, so the source checks its files; answered when it has. */
  CopyClose: { correlation: number; copy: number; damaged: boolean }
  CopyCloseReply: { correlation: number }
  /**
   * Committed entries firstIndex..lastIndex for a replica whose disk has lost them; fewer when they do not fit. Reply's
   * body as Append's.
   */
  ReadEntries: { correlation: number; group: GroupId; firstIndex: LogIndex; lastIndex: LogIndex; maxBytes: number }
  ReadEntriesReply: { correlation: number; entries: EntryFields[]; logStart: LogIndex; logEnd: LogIndex }

  /** Body: one RecordBatch. Answered once it is on a majority's disks. */
  Publish: {
    correlation: number
    topic: string
    partition: PartitionNumber
    timeoutMs: number
    /**
     * The id of the topic: another topic of this name is refused with TOPIC_ID_MISMATCH. Empty: the topic that has the
     * name.
     */
    topicId?: string
  } & Asked
  /**
   * (`term`, `index`, `seal`) is a token for reading it elsewhere (M95), taken only as it was given; `holders` had it
   * on disk at the time of the answer.
   */
  PublishReply: {
    correlation: number
    baseOffset: Offset
    lastOffset: Offset
    duplicate: boolean
    term?: Term
    index?: LogIndex
    seal?: string
    holders?: readonly BrokerId[]
  }
  /**
   * As Publish, under a condition; -1: none. Body: one RecordBatch; or nothing, with a fence, which is then accepted
   * and no record is written.
   */
  PublishIf: {
    correlation: number
    topic: string
    partition: PartitionNumber
    timeoutMs: number
    expectedOffset: Offset
    fence: number
    topicId?: string
  } & Asked
  /** As PublishReply. Without a record: `baseOffset` is the end of the partition, `lastOffset` one less. */
  PublishIfReply: MessageShapes['PublishReply']
  /** Waits up to `waitMs` for data past `offset`. Reply's body: whole batches back to back, `bodyBytes` in all. */
  Fetch: {
    correlation: number
    topic: string
    partition: PartitionNumber
    offset: Offset
    maxBytes: number
    waitMs: number
    /** Token of an acknowledgement that the answer must cover; 0, 0 and no seal for none. */
    tokenTerm?: Term
    tokenIndex?: LogIndex
    tokenSeal?: string
    /** The replica of the asked broker answers, leader or not. */
    replica?: boolean
    topicId?: string
    /** The answer shows all that was acknowledged before the request was sent (M24). */
    linearizable?: boolean
  } & Asked
  /** `rulesVersion`: between brokers, the version of the rules by which the leader has answered. */
  FetchReply: {
    correlation: number
    nextOffset: Offset
    highWatermark: Offset
    logStart: Offset
    rulesVersion?: number
  }
  FindOffset: {
    correlation: number
    topic: string
    partition: PartitionNumber
    position: Position
    topicId?: string
    linearizable?: boolean
  } & Asked
  /** `fence`: the highest fencing token that was accepted; -1: none, or not known. */
  FindOffsetReply: { correlation: number; offset: Offset; highWatermark: Offset; logStart: Offset; fence?: number }
  InitProducer: { correlation: number } & Asked
  InitProducerReply: { correlation: number; producerId: ProducerId; epoch: number }
  /** No topics: only brokers. Unknown topics are left out of the reply. */
  /** `create`: topics that are created where they are missing, if brokers do so (autoCreateTopics). */
  Metadata: { correlation: number; topics: string[]; create?: string[] }
  /** `denied`: topics of the request that the client may not see. */
  MetadataReply: {
    correlation: number
    clusterId: string
    brokers: BrokerFields[]
    topics: TopicFields[]
    denied?: string[]
  }
  /**
   * A step of showing a credential. `mechanism`: SCRAM-SHA-256, SCRAM-SHA-512 (RFC 5802, `data` is its text) or BEARER
   * (`data` is a token). On a connection that has shown one before: the same principal, anew.
   */
  Authenticate: { correlation: number; mechanism: string; data: string }
  /** `data`: the answer to this step. `done`: the client is `principal`, until `expiresAt`; -1: without an end. */
  AuthenticateReply: { correlation: number; data: string; done: boolean; principal: string; expiresAt: Timestamp }

  /**
   * All partitions at `position` when `partitions` is empty. `credit`: bytes of batches that may be sent before more
   * credit comes.
   */
  Subscribe: {
    subscription: number
    topic: string
    position: Position
    partitions: { partition: PartitionNumber; position: Position }[]
    credit: number
    /** From the asked broker's own replicas where it has them and they are far enough, else from the leaders. */
    replica?: boolean
    topicId?: string
  }
  Subscribed: {
    subscription: number
    partitions: { partition: PartitionNumber; offset: Offset; highWatermark: Offset }[]
    topicId?: string
  }
  /**
   * Body: whole batches of one partition back to back. `nextOffset` is where to resume after them. May come empty, to
   * tell a new high watermark.
   */
  Records: { subscription: number; partition: PartitionNumber; nextOffset: Offset; highWatermark: Offset }
  Credit: { subscription: number; bytes: number }
  Unsubscribe: { subscription: number }
  /** The broker ends a subscription (partition -1) or one partition of it; subscribe again where that makes sense. */
  /** `logStart`, `highWatermark`: -1 or missing where they are not known, or have nothing to do with it. */
  SubscriptionEnd: {
    subscription: number
    partition: PartitionNumber
    error: ErrorFields
    logStart?: Offset
    highWatermark?: Offset
  }
}

/** Avro enum `kind`; `value` is the offset for OFFSET, the time for TIME, else 0. */
export interface Position {
  kind: 'EARLIEST' | 'LATEST' | 'OFFSET' | 'TIME'
  value: number
}
export interface ErrorFields {
  code: string
  message: string
  retriable: boolean
  hint: string
  retryAfterMs?: number | null
  endOffset?: Offset | null
  fence?: number | null
}
/** `http` is host:port of the HTTP and WebSocket listener. */
export interface BrokerFields {
  id: BrokerId
  http: string
  alive: boolean
  /** Where it stands; empty: not told. */
  rack?: string
}
export interface TopicFields {
  name: string
  id: string
  partitions: { partition: PartitionNumber; leader: BrokerId; term: Term; replicas: BrokerId[] }[]
}

export type Message<Name extends MessageName> = MessageShapes[Name]
