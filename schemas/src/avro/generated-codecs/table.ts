// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message, MessageName } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import * as cascade from './cascade.ts'
import * as client from './client.ts'
import * as connection from './connection.ts'
import * as consumerGroups from './consumer-groups.ts'
import * as metadataCommand from './metadata-command.ts'
import * as peer from './peer.ts'
import * as raft from './raft.ts'
import * as reads from './reads.ts'
import * as streams from './streams.ts'

export interface Codec<Name extends MessageName> {
  /** As in MessageNumber. */
  readonly number: number
  /** Throws a RangeError. */
  readonly read: (from: AvroReader) => Message<Name>
  /** Throws a TypeError. */
  readonly write: (to: AvroWriter, fields: unknown) => void
  /** Its first field is `correlation`. */
  readonly isCorrelated: boolean
}

export const codecs: { readonly [Name in MessageName]: Codec<Name> } = {
  Hello: { number: 1, read: connection.readHello, write: connection.writeHello, isCorrelated: false },
  HelloReply: { number: 2, read: connection.readHelloReply, write: connection.writeHelloReply, isCorrelated: false },
  Failure: { number: 3, read: connection.readFailure, write: connection.writeFailure, isCorrelated: true },
  Schemas: { number: 4, read: connection.readSchemas, write: connection.writeSchemas, isCorrelated: false },
  Challenge: { number: 5, read: connection.readChallenge, write: connection.writeChallenge, isCorrelated: false },
  Append: { number: 10, read: raft.readAppend, write: raft.writeAppend, isCorrelated: false },
  AppendReply: { number: 11, read: raft.readAppendReply, write: raft.writeAppendReply, isCorrelated: false },
  Vote: { number: 12, read: raft.readVote, write: raft.writeVote, isCorrelated: false },
  VoteReply: { number: 13, read: raft.readVoteReply, write: raft.writeVoteReply, isCorrelated: false },
  Heartbeats: { number: 14, read: raft.readHeartbeats, write: raft.writeHeartbeats, isCorrelated: false },
  HeartbeatReplies: { number: 15, read: raft.readHeartbeatReplies, write: raft.writeHeartbeatReplies, isCorrelated: false },
  Leaders: { number: 16, read: raft.readLeaders, write: raft.writeLeaders, isCorrelated: false },
  Snapshot: { number: 17, read: raft.readSnapshot, write: raft.writeSnapshot, isCorrelated: false },
  TimeoutNow: { number: 18, read: raft.readTimeoutNow, write: raft.writeTimeoutNow, isCorrelated: false },
  NodeBeat: { number: 19, read: raft.readNodeBeat, write: raft.writeNodeBeat, isCorrelated: false },
  Publish: { number: 20, read: client.readPublish, write: client.writePublish, isCorrelated: true },
  PublishReply: { number: 21, read: client.readPublishReply, write: client.writePublishReply, isCorrelated: true },
  Fetch: { number: 22, read: reads.readFetch, write: reads.writeFetch, isCorrelated: true },
  FetchReply: { number: 23, read: reads.readFetchReply, write: reads.writeFetchReply, isCorrelated: true },
  FindOffset: { number: 24, read: reads.readFindOffset, write: reads.writeFindOffset, isCorrelated: true },
  FindOffsetReply: { number: 25, read: reads.readFindOffsetReply, write: reads.writeFindOffsetReply, isCorrelated: true },
  InitProducer: { number: 26, read: client.readInitProducer, write: client.writeInitProducer, isCorrelated: true },
  InitProducerReply: { number: 27, read: client.readInitProducerReply, write: client.writeInitProducerReply, isCorrelated: true },
  Metadata: { number: 28, read: client.readMetadata, write: client.writeMetadata, isCorrelated: true },
  MetadataReply: { number: 29, read: client.readMetadataReply, write: client.writeMetadataReply, isCorrelated: true },
  CopyOpen: { number: 30, read: raft.readCopyOpen, write: raft.writeCopyOpen, isCorrelated: true },
  CopyOpenReply: { number: 31, read: raft.readCopyOpenReply, write: raft.writeCopyOpenReply, isCorrelated: true },
  CopyRead: { number: 32, read: raft.readCopyRead, write: raft.writeCopyRead, isCorrelated: true },
  CopyReadReply: { number: 33, read: raft.readCopyReadReply, write: raft.writeCopyReadReply, isCorrelated: true },
  CopyClose: { number: 34, read: raft.readCopyClose, write: raft.writeCopyClose, isCorrelated: true },
  CopyCloseReply: { number: 35, read: raft.readCopyCloseReply, write: raft.writeCopyCloseReply, isCorrelated: true },
  ReadEntries: { number: 37, read: raft.readReadEntries, write: raft.writeReadEntries, isCorrelated: true },
  ReadEntriesReply: { number: 38, read: raft.readReadEntriesReply, write: raft.writeReadEntriesReply, isCorrelated: true },
  Subscribe: { number: 40, read: client.readSubscribe, write: client.writeSubscribe, isCorrelated: false },
  Subscribed: { number: 41, read: client.readSubscribed, write: client.writeSubscribed, isCorrelated: false },
  Records: { number: 42, read: client.readRecords, write: client.writeRecords, isCorrelated: false },
  Credit: { number: 43, read: client.readCredit, write: client.writeCredit, isCorrelated: false },
  Unsubscribe: { number: 44, read: client.readUnsubscribe, write: client.writeUnsubscribe, isCorrelated: false },
  SubscriptionEnd: { number: 45, read: client.readSubscriptionEnd, write: client.writeSubscriptionEnd, isCorrelated: false },
  Brokers: { number: 46, read: reads.readBrokers, write: reads.writeBrokers, isCorrelated: true },
  BrokersReply: { number: 47, read: reads.readBrokersReply, write: reads.writeBrokersReply, isCorrelated: true },
  SleepingGroups: { number: 50, read: raft.readSleepingGroups, write: raft.writeSleepingGroups, isCorrelated: false },
  WakeGroups: { number: 51, read: raft.readWakeGroups, write: raft.writeWakeGroups, isCorrelated: false },
  Lives: { number: 52, read: raft.readLives, write: raft.writeLives, isCorrelated: false },
  Witness: { number: 53, read: raft.readWitness, write: raft.writeWitness, isCorrelated: false },
  Authenticate: { number: 54, read: connection.readAuthenticate, write: connection.writeAuthenticate, isCorrelated: true },
  AuthenticateReply: { number: 55, read: connection.readAuthenticateReply, write: connection.writeAuthenticateReply, isCorrelated: true },
  Formation: { number: 62, read: peer.readFormation, write: peer.writeFormation, isCorrelated: true },
  FormationReply: { number: 63, read: peer.readFormationReply, write: peer.writeFormationReply, isCorrelated: true },
  Join: { number: 64, read: peer.readJoin, write: peer.writeJoin, isCorrelated: true },
  JoinReply: { number: 65, read: peer.readJoinReply, write: peer.writeJoinReply, isCorrelated: true },
  MetadataCommand: { number: 66, read: metadataCommand.readMetadataCommand, write: metadataCommand.writeMetadataCommand, isCorrelated: true },
  MetadataCommandReply: { number: 67, read: metadataCommand.readMetadataCommandReply, write: metadataCommand.writeMetadataCommandReply, isCorrelated: true },
  PartitionStatus: { number: 68, read: peer.readPartitionStatus, write: peer.writePartitionStatus, isCorrelated: true },
  PartitionStatusReply: { number: 69, read: peer.readPartitionStatusReply, write: peer.writePartitionStatusReply, isCorrelated: true },
  GroupReport: { number: 70, read: peer.readGroupReport, write: peer.writeGroupReport, isCorrelated: true },
  GroupReportReply: { number: 71, read: peer.readGroupReportReply, write: peer.writeGroupReportReply, isCorrelated: true },
  DriveChange: { number: 72, read: peer.readDriveChange, write: peer.writeDriveChange, isCorrelated: true },
  DriveChangeReply: { number: 73, read: peer.readDriveChangeReply, write: peer.writeDriveChangeReply, isCorrelated: true },
  ChangeMetadataVoters: { number: 74, read: peer.readChangeMetadataVoters, write: peer.writeChangeMetadataVoters, isCorrelated: true },
  ChangeMetadataVotersReply: { number: 75, read: peer.readChangeMetadataVotersReply, write: peer.writeChangeMetadataVotersReply, isCorrelated: true },
  CancelChange: { number: 76, read: peer.readCancelChange, write: peer.writeCancelChange, isCorrelated: true },
  CancelChangeReply: { number: 77, read: peer.readCancelChangeReply, write: peer.writeCancelChangeReply, isCorrelated: true },
  TransferLeadership: { number: 78, read: peer.readTransferLeadership, write: peer.writeTransferLeadership, isCorrelated: true },
  TransferLeadershipReply: { number: 79, read: peer.readTransferLeadershipReply, write: peer.writeTransferLeadershipReply, isCorrelated: true },
  CascadeBeat: { number: 80, read: cascade.readCascadeBeat, write: cascade.writeCascadeBeat, isCorrelated: true },
  CascadeBeatReply: { number: 81, read: cascade.readCascadeBeatReply, write: cascade.writeCascadeBeatReply, isCorrelated: true },
  CascadeTopics: { number: 82, read: cascade.readCascadeTopics, write: cascade.writeCascadeTopics, isCorrelated: true },
  CascadeTopicsReply: { number: 83, read: cascade.readCascadeTopicsReply, write: cascade.writeCascadeTopicsReply, isCorrelated: true },
  CascadeReports: { number: 84, read: cascade.readCascadeReports, write: cascade.writeCascadeReports, isCorrelated: true },
  CascadeReportsReply: { number: 85, read: cascade.readCascadeReportsReply, write: cascade.writeCascadeReportsReply, isCorrelated: true },
  CascadeStatus: { number: 86, read: cascade.readCascadeStatus, write: cascade.writeCascadeStatus, isCorrelated: true },
  CascadeStatusReply: { number: 87, read: cascade.readCascadeStatusReply, write: cascade.writeCascadeStatusReply, isCorrelated: true },
  AssignSource: { number: 88, read: cascade.readAssignSource, write: cascade.writeAssignSource, isCorrelated: true },
  AssignSourceReply: { number: 89, read: cascade.readAssignSourceReply, write: cascade.writeAssignSourceReply, isCorrelated: true },
  CascadeSecurity: { number: 90, read: cascade.readCascadeSecurity, write: cascade.writeCascadeSecurity, isCorrelated: true },
  CascadeSecurityReply: { number: 91, read: cascade.readCascadeSecurityReply, write: cascade.writeCascadeSecurityReply, isCorrelated: true },
  MayLead: { number: 100, read: peer.readMayLead, write: peer.writeMayLead, isCorrelated: true },
  MayLeadReply: { number: 101, read: peer.readMayLeadReply, write: peer.writeMayLeadReply, isCorrelated: true },
  ReturnLeadership: { number: 102, read: peer.readReturnLeadership, write: peer.writeReturnLeadership, isCorrelated: true },
  ReturnLeadershipReply: { number: 103, read: peer.readReturnLeadershipReply, write: peer.writeReturnLeadershipReply, isCorrelated: true },
  KeepLeadership: { number: 104, read: peer.readKeepLeadership, write: peer.writeKeepLeadership, isCorrelated: true },
  KeepLeadershipReply: { number: 105, read: peer.readKeepLeadershipReply, write: peer.writeKeepLeadershipReply, isCorrelated: true },
  TakeSnapshot: { number: 106, read: peer.readTakeSnapshot, write: peer.writeTakeSnapshot, isCorrelated: true },
  TakeSnapshotReply: { number: 107, read: peer.readTakeSnapshotReply, write: peer.writeTakeSnapshotReply, isCorrelated: true },
  OfferSnapshot: { number: 108, read: peer.readOfferSnapshot, write: peer.writeOfferSnapshot, isCorrelated: true },
  OfferSnapshotReply: { number: 109, read: peer.readOfferSnapshotReply, write: peer.writeOfferSnapshotReply, isCorrelated: true },
  BrokerCondition: { number: 110, read: peer.readBrokerCondition, write: peer.writeBrokerCondition, isCorrelated: true },
  BrokerConditionReply: { number: 111, read: peer.readBrokerConditionReply, write: peer.writeBrokerConditionReply, isCorrelated: true },
  WatchEnds: { number: 112, read: peer.readWatchEnds, write: peer.writeWatchEnds, isCorrelated: true },
  WatchEndsReply: { number: 113, read: peer.readWatchEndsReply, write: peer.writeWatchEndsReply, isCorrelated: true },
  PublishIf: { number: 114, read: client.readPublishIf, write: client.writePublishIf, isCorrelated: true },
  PublishIfReply: { number: 115, read: client.readPublishIfReply, write: client.writePublishIfReply, isCorrelated: true },
  BrokerLoad: { number: 116, read: peer.readBrokerLoad, write: peer.writeBrokerLoad, isCorrelated: true },
  BrokerLoadReply: { number: 117, read: peer.readBrokerLoadReply, write: peer.writeBrokerLoadReply, isCorrelated: true },
  DeleteRecords: { number: 118, read: peer.readDeleteRecords, write: peer.writeDeleteRecords, isCorrelated: true },
  DeleteRecordsReply: { number: 119, read: peer.readDeleteRecordsReply, write: peer.writeDeleteRecordsReply, isCorrelated: true },
  ConsumerGroup: { number: 120, read: consumerGroups.readConsumerGroup, write: consumerGroups.writeConsumerGroup, isCorrelated: true },
  ConsumerGroupReply: { number: 121, read: consumerGroups.readConsumerGroupReply, write: consumerGroups.writeConsumerGroupReply, isCorrelated: true },
  Stream: { number: 122, read: streams.readStream, write: streams.writeStream, isCorrelated: true },
  StreamReply: { number: 123, read: streams.readStreamReply, write: streams.writeStreamReply, isCorrelated: true },
}
