// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message, MessageName } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import * as brokers from './brokers.ts'
import * as cascadeBeats from './cascade-beats.ts'
import * as cascadeLists from './cascade-lists.ts'
import * as client from './client.ts'
import * as clusterMembers from './cluster-members.ts'
import * as connection from './connection.ts'
import * as consumerGroups from './consumer-groups.ts'
import * as copies from './copies.ts'
import * as leadership from './leadership.ts'
import * as metadataCommand from './metadata-command.ts'
import * as partitions from './partitions.ts'
import * as raft from './raft.ts'
import * as reads from './reads.ts'
import * as reports from './reports.ts'
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
  Snapshot: { number: 17, read: copies.readSnapshot, write: copies.writeSnapshot, isCorrelated: false },
  TimeoutNow: { number: 18, read: raft.readTimeoutNow, write: raft.writeTimeoutNow, isCorrelated: false },
  NodeBeat: { number: 19, read: brokers.readNodeBeat, write: brokers.writeNodeBeat, isCorrelated: false },
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
  CopyOpen: { number: 30, read: copies.readCopyOpen, write: copies.writeCopyOpen, isCorrelated: true },
  CopyOpenReply: { number: 31, read: copies.readCopyOpenReply, write: copies.writeCopyOpenReply, isCorrelated: true },
  CopyRead: { number: 32, read: copies.readCopyRead, write: copies.writeCopyRead, isCorrelated: true },
  CopyReadReply: { number: 33, read: copies.readCopyReadReply, write: copies.writeCopyReadReply, isCorrelated: true },
  CopyClose: { number: 34, read: copies.readCopyClose, write: copies.writeCopyClose, isCorrelated: true },
  CopyCloseReply: { number: 35, read: copies.readCopyCloseReply, write: copies.writeCopyCloseReply, isCorrelated: true },
  ReadEntries: { number: 37, read: copies.readReadEntries, write: copies.writeReadEntries, isCorrelated: true },
  ReadEntriesReply: { number: 38, read: copies.readReadEntriesReply, write: copies.writeReadEntriesReply, isCorrelated: true },
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
  Lives: { number: 52, read: brokers.readLives, write: brokers.writeLives, isCorrelated: false },
  Witness: { number: 53, read: brokers.readWitness, write: brokers.writeWitness, isCorrelated: false },
  Authenticate: { number: 54, read: connection.readAuthenticate, write: connection.writeAuthenticate, isCorrelated: true },
  AuthenticateReply: { number: 55, read: connection.readAuthenticateReply, write: connection.writeAuthenticateReply, isCorrelated: true },
  Formation: { number: 62, read: clusterMembers.readFormation, write: clusterMembers.writeFormation, isCorrelated: true },
  FormationReply: { number: 63, read: clusterMembers.readFormationReply, write: clusterMembers.writeFormationReply, isCorrelated: true },
  Join: { number: 64, read: clusterMembers.readJoin, write: clusterMembers.writeJoin, isCorrelated: true },
  JoinReply: { number: 65, read: clusterMembers.readJoinReply, write: clusterMembers.writeJoinReply, isCorrelated: true },
  MetadataCommand: { number: 66, read: metadataCommand.readMetadataCommand, write: metadataCommand.writeMetadataCommand, isCorrelated: true },
  MetadataCommandReply: { number: 67, read: metadataCommand.readMetadataCommandReply, write: metadataCommand.writeMetadataCommandReply, isCorrelated: true },
  PartitionStatus: { number: 68, read: partitions.readPartitionStatus, write: partitions.writePartitionStatus, isCorrelated: true },
  PartitionStatusReply: { number: 69, read: partitions.readPartitionStatusReply, write: partitions.writePartitionStatusReply, isCorrelated: true },
  GroupReport: { number: 70, read: reports.readGroupReport, write: reports.writeGroupReport, isCorrelated: true },
  GroupReportReply: { number: 71, read: reports.readGroupReportReply, write: reports.writeGroupReportReply, isCorrelated: true },
  DriveChange: { number: 72, read: clusterMembers.readDriveChange, write: clusterMembers.writeDriveChange, isCorrelated: true },
  DriveChangeReply: { number: 73, read: clusterMembers.readDriveChangeReply, write: clusterMembers.writeDriveChangeReply, isCorrelated: true },
  ChangeMetadataVoters: { number: 74, read: clusterMembers.readChangeMetadataVoters, write: clusterMembers.writeChangeMetadataVoters, isCorrelated: true },
  ChangeMetadataVotersReply: { number: 75, read: clusterMembers.readChangeMetadataVotersReply, write: clusterMembers.writeChangeMetadataVotersReply, isCorrelated: true },
  CancelChange: { number: 76, read: clusterMembers.readCancelChange, write: clusterMembers.writeCancelChange, isCorrelated: true },
  CancelChangeReply: { number: 77, read: clusterMembers.readCancelChangeReply, write: clusterMembers.writeCancelChangeReply, isCorrelated: true },
  TransferLeadership: { number: 78, read: leadership.readTransferLeadership, write: leadership.writeTransferLeadership, isCorrelated: true },
  TransferLeadershipReply: { number: 79, read: leadership.readTransferLeadershipReply, write: leadership.writeTransferLeadershipReply, isCorrelated: true },
  CascadeBeat: { number: 80, read: cascadeBeats.readCascadeBeat, write: cascadeBeats.writeCascadeBeat, isCorrelated: true },
  CascadeBeatReply: { number: 81, read: cascadeBeats.readCascadeBeatReply, write: cascadeBeats.writeCascadeBeatReply, isCorrelated: true },
  CascadeTopics: { number: 82, read: cascadeLists.readCascadeTopics, write: cascadeLists.writeCascadeTopics, isCorrelated: true },
  CascadeTopicsReply: { number: 83, read: cascadeLists.readCascadeTopicsReply, write: cascadeLists.writeCascadeTopicsReply, isCorrelated: true },
  CascadeReports: { number: 84, read: cascadeBeats.readCascadeReports, write: cascadeBeats.writeCascadeReports, isCorrelated: true },
  CascadeReportsReply: { number: 85, read: cascadeBeats.readCascadeReportsReply, write: cascadeBeats.writeCascadeReportsReply, isCorrelated: true },
  CascadeStatus: { number: 86, read: cascadeBeats.readCascadeStatus, write: cascadeBeats.writeCascadeStatus, isCorrelated: true },
  CascadeStatusReply: { number: 87, read: cascadeBeats.readCascadeStatusReply, write: cascadeBeats.writeCascadeStatusReply, isCorrelated: true },
  AssignSource: { number: 88, read: cascadeLists.readAssignSource, write: cascadeLists.writeAssignSource, isCorrelated: true },
  AssignSourceReply: { number: 89, read: cascadeLists.readAssignSourceReply, write: cascadeLists.writeAssignSourceReply, isCorrelated: true },
  CascadeSecurity: { number: 90, read: cascadeLists.readCascadeSecurity, write: cascadeLists.writeCascadeSecurity, isCorrelated: true },
  CascadeSecurityReply: { number: 91, read: cascadeLists.readCascadeSecurityReply, write: cascadeLists.writeCascadeSecurityReply, isCorrelated: true },
  MayLead: { number: 100, read: leadership.readMayLead, write: leadership.writeMayLead, isCorrelated: true },
  MayLeadReply: { number: 101, read: leadership.readMayLeadReply, write: leadership.writeMayLeadReply, isCorrelated: true },
  ReturnLeadership: { number: 102, read: leadership.readReturnLeadership, write: leadership.writeReturnLeadership, isCorrelated: true },
  ReturnLeadershipReply: { number: 103, read: leadership.readReturnLeadershipReply, write: leadership.writeReturnLeadershipReply, isCorrelated: true },
  KeepLeadership: { number: 104, read: leadership.readKeepLeadership, write: leadership.writeKeepLeadership, isCorrelated: true },
  KeepLeadershipReply: { number: 105, read: leadership.readKeepLeadershipReply, write: leadership.writeKeepLeadershipReply, isCorrelated: true },
  TakeSnapshot: { number: 106, read: copies.readTakeSnapshot, write: copies.writeTakeSnapshot, isCorrelated: true },
  TakeSnapshotReply: { number: 107, read: copies.readTakeSnapshotReply, write: copies.writeTakeSnapshotReply, isCorrelated: true },
  OfferSnapshot: { number: 108, read: copies.readOfferSnapshot, write: copies.writeOfferSnapshot, isCorrelated: true },
  OfferSnapshotReply: { number: 109, read: copies.readOfferSnapshotReply, write: copies.writeOfferSnapshotReply, isCorrelated: true },
  BrokerCondition: { number: 110, read: reports.readBrokerCondition, write: reports.writeBrokerCondition, isCorrelated: true },
  BrokerConditionReply: { number: 111, read: reports.readBrokerConditionReply, write: reports.writeBrokerConditionReply, isCorrelated: true },
  WatchEnds: { number: 112, read: partitions.readWatchEnds, write: partitions.writeWatchEnds, isCorrelated: true },
  WatchEndsReply: { number: 113, read: partitions.readWatchEndsReply, write: partitions.writeWatchEndsReply, isCorrelated: true },
  PublishIf: { number: 114, read: client.readPublishIf, write: client.writePublishIf, isCorrelated: true },
  PublishIfReply: { number: 115, read: client.readPublishIfReply, write: client.writePublishIfReply, isCorrelated: true },
  BrokerLoad: { number: 116, read: reports.readBrokerLoad, write: reports.writeBrokerLoad, isCorrelated: true },
  BrokerLoadReply: { number: 117, read: reports.readBrokerLoadReply, write: reports.writeBrokerLoadReply, isCorrelated: true },
  DeleteRecords: { number: 118, read: partitions.readDeleteRecords, write: partitions.writeDeleteRecords, isCorrelated: true },
  DeleteRecordsReply: { number: 119, read: partitions.readDeleteRecordsReply, write: partitions.writeDeleteRecordsReply, isCorrelated: true },
  ConsumerGroup: { number: 120, read: consumerGroups.readConsumerGroup, write: consumerGroups.writeConsumerGroup, isCorrelated: true },
  ConsumerGroupReply: { number: 121, read: consumerGroups.readConsumerGroupReply, write: consumerGroups.writeConsumerGroupReply, isCorrelated: true },
  Stream: { number: 122, read: streams.readStream, write: streams.writeStream, isCorrelated: true },
  StreamReply: { number: 123, read: streams.readStreamReply, write: streams.writeStreamReply, isCorrelated: true },
}
