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

export interface Codec<Name extends MessageName> {
  /** Throws a RangeError. */
  readonly read: (from: AvroReader) => Message<Name>
  /** Throws a TypeError. */
  readonly write: (to: AvroWriter, fields: unknown) => void
  /** Its first field is `correlation`. */
  readonly isCorrelated: boolean
}

export const codecs: { readonly [Name in MessageName]: Codec<Name> } = {
  Hello: { read: connection.readHello, write: connection.writeHello, isCorrelated: false },
  HelloReply: { read: connection.readHelloReply, write: connection.writeHelloReply, isCorrelated: false },
  Failure: { read: connection.readFailure, write: connection.writeFailure, isCorrelated: true },
  Schemas: { read: connection.readSchemas, write: connection.writeSchemas, isCorrelated: false },
  Challenge: { read: connection.readChallenge, write: connection.writeChallenge, isCorrelated: false },
  Append: { read: raft.readAppend, write: raft.writeAppend, isCorrelated: false },
  AppendReply: { read: raft.readAppendReply, write: raft.writeAppendReply, isCorrelated: false },
  Vote: { read: raft.readVote, write: raft.writeVote, isCorrelated: false },
  VoteReply: { read: raft.readVoteReply, write: raft.writeVoteReply, isCorrelated: false },
  Heartbeats: { read: raft.readHeartbeats, write: raft.writeHeartbeats, isCorrelated: false },
  HeartbeatReplies: { read: raft.readHeartbeatReplies, write: raft.writeHeartbeatReplies, isCorrelated: false },
  Leaders: { read: raft.readLeaders, write: raft.writeLeaders, isCorrelated: false },
  Snapshot: { read: raft.readSnapshot, write: raft.writeSnapshot, isCorrelated: false },
  TimeoutNow: { read: raft.readTimeoutNow, write: raft.writeTimeoutNow, isCorrelated: false },
  NodeBeat: { read: raft.readNodeBeat, write: raft.writeNodeBeat, isCorrelated: false },
  Publish: { read: client.readPublish, write: client.writePublish, isCorrelated: true },
  PublishReply: { read: client.readPublishReply, write: client.writePublishReply, isCorrelated: true },
  Fetch: { read: client.readFetch, write: client.writeFetch, isCorrelated: true },
  FetchReply: { read: client.readFetchReply, write: client.writeFetchReply, isCorrelated: true },
  FindOffset: { read: client.readFindOffset, write: client.writeFindOffset, isCorrelated: true },
  FindOffsetReply: { read: client.readFindOffsetReply, write: client.writeFindOffsetReply, isCorrelated: true },
  InitProducer: { read: client.readInitProducer, write: client.writeInitProducer, isCorrelated: true },
  InitProducerReply: { read: client.readInitProducerReply, write: client.writeInitProducerReply, isCorrelated: true },
  Metadata: { read: client.readMetadata, write: client.writeMetadata, isCorrelated: true },
  MetadataReply: { read: client.readMetadataReply, write: client.writeMetadataReply, isCorrelated: true },
  CopyOpen: { read: raft.readCopyOpen, write: raft.writeCopyOpen, isCorrelated: true },
  CopyOpenReply: { read: raft.readCopyOpenReply, write: raft.writeCopyOpenReply, isCorrelated: true },
  CopyRead: { read: raft.readCopyRead, write: raft.writeCopyRead, isCorrelated: true },
  CopyReadReply: { read: raft.readCopyReadReply, write: raft.writeCopyReadReply, isCorrelated: true },
  CopyClose: { read: raft.readCopyClose, write: raft.writeCopyClose, isCorrelated: true },
  CopyCloseReply: { read: raft.readCopyCloseReply, write: raft.writeCopyCloseReply, isCorrelated: true },
  ReadEntries: { read: raft.readReadEntries, write: raft.writeReadEntries, isCorrelated: true },
  ReadEntriesReply: { read: raft.readReadEntriesReply, write: raft.writeReadEntriesReply, isCorrelated: true },
  Subscribe: { read: client.readSubscribe, write: client.writeSubscribe, isCorrelated: false },
  Subscribed: { read: client.readSubscribed, write: client.writeSubscribed, isCorrelated: false },
  Records: { read: client.readRecords, write: client.writeRecords, isCorrelated: false },
  Credit: { read: client.readCredit, write: client.writeCredit, isCorrelated: false },
  Unsubscribe: { read: client.readUnsubscribe, write: client.writeUnsubscribe, isCorrelated: false },
  SubscriptionEnd: { read: client.readSubscriptionEnd, write: client.writeSubscriptionEnd, isCorrelated: false },
  Brokers: { read: cascade.readBrokers, write: cascade.writeBrokers, isCorrelated: true },
  BrokersReply: { read: cascade.readBrokersReply, write: cascade.writeBrokersReply, isCorrelated: true },
  SleepingGroups: { read: raft.readSleepingGroups, write: raft.writeSleepingGroups, isCorrelated: false },
  WakeGroups: { read: raft.readWakeGroups, write: raft.writeWakeGroups, isCorrelated: false },
  Lives: { read: raft.readLives, write: raft.writeLives, isCorrelated: false },
  Witness: { read: raft.readWitness, write: raft.writeWitness, isCorrelated: false },
  Authenticate: { read: connection.readAuthenticate, write: connection.writeAuthenticate, isCorrelated: true },
  AuthenticateReply: { read: connection.readAuthenticateReply, write: connection.writeAuthenticateReply, isCorrelated: true },
  Formation: { read: peer.readFormation, write: peer.writeFormation, isCorrelated: true },
  FormationReply: { read: peer.readFormationReply, write: peer.writeFormationReply, isCorrelated: true },
  Join: { read: peer.readJoin, write: peer.writeJoin, isCorrelated: true },
  JoinReply: { read: peer.readJoinReply, write: peer.writeJoinReply, isCorrelated: true },
  MetadataCommand: { read: metadataCommand.readMetadataCommand, write: metadataCommand.writeMetadataCommand, isCorrelated: true },
  MetadataCommandReply: { read: metadataCommand.readMetadataCommandReply, write: metadataCommand.writeMetadataCommandReply, isCorrelated: true },
  PartitionStatus: { read: peer.readPartitionStatus, write: peer.writePartitionStatus, isCorrelated: true },
  PartitionStatusReply: { read: peer.readPartitionStatusReply, write: peer.writePartitionStatusReply, isCorrelated: true },
  GroupReport: { read: peer.readGroupReport, write: peer.writeGroupReport, isCorrelated: true },
  GroupReportReply: { read: peer.readGroupReportReply, write: peer.writeGroupReportReply, isCorrelated: true },
  DriveChange: { read: peer.readDriveChange, write: peer.writeDriveChange, isCorrelated: true },
  DriveChangeReply: { read: peer.readDriveChangeReply, write: peer.writeDriveChangeReply, isCorrelated: true },
  ChangeMetadataVoters: { read: peer.readChangeMetadataVoters, write: peer.writeChangeMetadataVoters, isCorrelated: true },
  ChangeMetadataVotersReply: { read: peer.readChangeMetadataVotersReply, write: peer.writeChangeMetadataVotersReply, isCorrelated: true },
  CancelChange: { read: peer.readCancelChange, write: peer.writeCancelChange, isCorrelated: true },
  CancelChangeReply: { read: peer.readCancelChangeReply, write: peer.writeCancelChangeReply, isCorrelated: true },
  TransferLeadership: { read: peer.readTransferLeadership, write: peer.writeTransferLeadership, isCorrelated: true },
  TransferLeadershipReply: { read: peer.readTransferLeadershipReply, write: peer.writeTransferLeadershipReply, isCorrelated: true },
  CascadeBeat: { read: cascade.readCascadeBeat, write: cascade.writeCascadeBeat, isCorrelated: true },
  CascadeBeatReply: { read: cascade.readCascadeBeatReply, write: cascade.writeCascadeBeatReply, isCorrelated: true },
  CascadeTopics: { read: cascade.readCascadeTopics, write: cascade.writeCascadeTopics, isCorrelated: true },
  CascadeTopicsReply: { read: cascade.readCascadeTopicsReply, write: cascade.writeCascadeTopicsReply, isCorrelated: true },
  CascadeReports: { read: cascade.readCascadeReports, write: cascade.writeCascadeReports, isCorrelated: true },
  CascadeReportsReply: { read: cascade.readCascadeReportsReply, write: cascade.writeCascadeReportsReply, isCorrelated: true },
  CascadeStatus: { read: cascade.readCascadeStatus, write: cascade.writeCascadeStatus, isCorrelated: true },
  CascadeStatusReply: { read: cascade.readCascadeStatusReply, write: cascade.writeCascadeStatusReply, isCorrelated: true },
  AssignSource: { read: cascade.readAssignSource, write: cascade.writeAssignSource, isCorrelated: true },
  AssignSourceReply: { read: cascade.readAssignSourceReply, write: cascade.writeAssignSourceReply, isCorrelated: true },
  CascadeSecurity: { read: cascade.readCascadeSecurity, write: cascade.writeCascadeSecurity, isCorrelated: true },
  CascadeSecurityReply: { read: cascade.readCascadeSecurityReply, write: cascade.writeCascadeSecurityReply, isCorrelated: true },
  MayLead: { read: peer.readMayLead, write: peer.writeMayLead, isCorrelated: true },
  MayLeadReply: { read: peer.readMayLeadReply, write: peer.writeMayLeadReply, isCorrelated: true },
  ReturnLeadership: { read: peer.readReturnLeadership, write: peer.writeReturnLeadership, isCorrelated: true },
  ReturnLeadershipReply: { read: peer.readReturnLeadershipReply, write: peer.writeReturnLeadershipReply, isCorrelated: true },
  KeepLeadership: { read: peer.readKeepLeadership, write: peer.writeKeepLeadership, isCorrelated: true },
  KeepLeadershipReply: { read: peer.readKeepLeadershipReply, write: peer.writeKeepLeadershipReply, isCorrelated: true },
  TakeSnapshot: { read: peer.readTakeSnapshot, write: peer.writeTakeSnapshot, isCorrelated: true },
  TakeSnapshotReply: { read: peer.readTakeSnapshotReply, write: peer.writeTakeSnapshotReply, isCorrelated: true },
  OfferSnapshot: { read: peer.readOfferSnapshot, write: peer.writeOfferSnapshot, isCorrelated: true },
  OfferSnapshotReply: { read: peer.readOfferSnapshotReply, write: peer.writeOfferSnapshotReply, isCorrelated: true },
  BrokerCondition: { read: peer.readBrokerCondition, write: peer.writeBrokerCondition, isCorrelated: true },
  BrokerConditionReply: { read: peer.readBrokerConditionReply, write: peer.writeBrokerConditionReply, isCorrelated: true },
  WatchEnds: { read: peer.readWatchEnds, write: peer.writeWatchEnds, isCorrelated: true },
  WatchEndsReply: { read: peer.readWatchEndsReply, write: peer.writeWatchEndsReply, isCorrelated: true },
  PublishIf: { read: client.readPublishIf, write: client.writePublishIf, isCorrelated: true },
  PublishIfReply: { read: client.readPublishIfReply, write: client.writePublishIfReply, isCorrelated: true },
  BrokerLoad: { read: peer.readBrokerLoad, write: peer.writeBrokerLoad, isCorrelated: true },
  BrokerLoadReply: { read: peer.readBrokerLoadReply, write: peer.writeBrokerLoadReply, isCorrelated: true },
  DeleteRecords: { read: peer.readDeleteRecords, write: peer.writeDeleteRecords, isCorrelated: true },
  DeleteRecordsReply: { read: peer.readDeleteRecordsReply, write: peer.writeDeleteRecordsReply, isCorrelated: true },
  ConsumerGroup: { read: consumerGroups.readConsumerGroup, write: consumerGroups.writeConsumerGroup, isCorrelated: true },
  ConsumerGroupReply: { read: consumerGroups.readConsumerGroupReply, write: consumerGroups.writeConsumerGroupReply, isCorrelated: true },
}
