import type { BrokerId, GroupId, LogIndex, Offset, ProducerId, Term, Timestamp } from './ids.ts'
import type { IntentFields } from './metadata-intents.ts'

/** A client, as the broker that it has shown its credential to knows it. */
export interface AskerFields {
  principal: string
  groups: string[]
  host: string
  kind: string
  /** The cascade brokers that have passed the request on, the first one first. Missing: none. */
  via?: { principal: string; host: string }[]
  /** Of the rules by which the sender has allowed it. Missing: 0. */
  rulesVersion?: number
}

/** A request that a broker may send for a client. Missing or null: for nobody but itself. */
export interface Asked {
  asker?: AskerFields | null
}

/** Requests of brokers to each other about the cluster and about the groups of which they have replicas. */
export interface PeerMessageShapes {
  /** Sends the record of the cluster to a founder that may lack it. Answered when it is durable. */
  Formation: { correlation: number; record: ClusterRecordFields }
  FormationReply: { correlation: number }
  /** A broker without a cluster asks to be admitted. `admission` 0: it is a founder that had lost its record. */
  Join: { correlation: number }
  JoinReply: { correlation: number; record: ClusterRecordFields; admission: LogIndex; addresses: string[] }
  /** For the metadata leader. `id` is kept by a retry, so that the command is applied once. */
  MetadataCommand: {
    correlation: number
    id: string
    timeoutMs: number
    intent: IntentFields
  } & Asked
  MetadataCommandReply: {
    correlation: number
    refusal?: { code: string; detail: string } | null
    first?: ProducerId | null
    count?: number | null
    index?: LogIndex | null
  }
  /** The reply holds those groups that the asked broker leads. */
  PartitionStatus: { correlation: number; groups: GroupId[] } & Asked
  PartitionStatusReply: { correlation: number; partitions: PartitionFigures[] }

  GroupReport: { correlation: number; group: GroupId; tail: boolean } & Asked
  GroupReportReply: {
    correlation: number
    broker: BrokerId
    status: GroupStatusFields
    lastTerm: Term
    tail: EntryStateFields[]
  }
  /** `change`: index of the command that asked for it. */
  DriveChange: { correlation: number; group: GroupId; change: LogIndex }
  DriveChangeReply: { correlation: number; state: string; reason: string }
  ChangeMetadataVoters: { correlation: number; voters: BrokerId[] } & Asked
  ChangeMetadataVotersReply: { correlation: number }
  CancelChange: { correlation: number; group: GroupId } & Asked
  CancelChangeReply: { correlation: number }
  /** `to` 0: to the preferred replica. */
  TransferLeadership: { correlation: number; group: GroupId; to: BrokerId } & Asked
  TransferLeadershipReply: { correlation: number; leader: BrokerId }
  DeleteRecords: { correlation: number; group: GroupId; before: Offset } & Asked
  DeleteRecordsReply: { correlation: number; logStart: Offset }
  /** Fails if the replica there would serve worse as the leader. */
  MayLead: { correlation: number; group: GroupId }
  MayLeadReply: { correlation: number }
  /** As TransferLeadership, to the preferred replica, unless an operator has put the leadership where it is. */
  ReturnLeadership: { correlation: number; group: GroupId; to: BrokerId }
  ReturnLeadershipReply: { correlation: number; outcome: string }
  /** An operator has put this leadership there. */
  KeepLeadership: { correlation: number; group: GroupId } & Asked
  KeepLeadershipReply: { correlation: number }
  TakeSnapshot: { correlation: number; group: GroupId } & Asked
  TakeSnapshotReply: { correlation: number; index: LogIndex; term: Term; at: Timestamp; bytes: number }
  /** For the leader: `source` has the snapshot. */
  OfferSnapshot: { correlation: number; group: GroupId; source: BrokerId; index: LogIndex; term: Term } & Asked
  OfferSnapshotReply: { correlation: number }
  BrokerCondition: { correlation: number }
  BrokerConditionReply: { correlation: number; condition: ConditionFields }
  /** Readers of the asking broker wait at these ends. `waitMs` 0: answered at once, and tells nothing. */
  WatchEnds: {
    correlation: number
    session: number
    begins: boolean
    added: { group: GroupId; offset: Offset }[]
    dropped: GroupId[]
    waitMs: number
  }
  /** `known` false: there is no such session. `moved`: to be asked again, and no longer watched. */
  WatchEndsReply: { correlation: number; known: boolean; moved: GroupId[] }
  BrokerLoad: { correlation: number }
  BrokerLoadReply: { correlation: number } & HoldingFields
}

/** What the replicas of a broker and its disk hold. */
export interface HoldingFields {
  freeBytes: number
  reserveBytes: number
  replicas: ReplicaLoadFields[]
}
export interface ReplicaLoadFields {
  group: GroupId
  bytes: number
  /** Where its log begins, with records that are deleted and still stored. */
  logStart: Offset
  highWatermark: Offset
}

/** How a broker is, as it says itself. */
export interface ConditionFields {
  readonly ready: boolean
  /** Why not, or what else is not well. */
  readonly reason: string
  /** False: the disk is full up to the reserve. */
  readonly writable: boolean
  /** Bytes that may still be written to the disk. */
  readonly freeBytes: number
  readonly reserveBytes: number
  /** Until only the reserve is free, if the disk fills up as in the last minutes. Null: it does not fill up. */
  readonly secondsUntilFull: number | null
  /** Places whose checksum was wrong, since the start. */
  readonly checksumFailures: number
  /** Replicas that take no part until they have caught up again. */
  readonly quarantined: number
  /** Replicas, or copies of a cascade broker, that take no part any more; its log says why. */
  readonly stopped: number
}

/** `version` missing: 1. */
export interface ClusterRecordFields {
  version?: number
  clusterId: string
  voters: { id: BrokerId; directoryId: string; peer: string }[]
}

export interface PartitionFigures {
  group: GroupId
  term: Term
  inSync: BrokerId[]
  logStart: Offset
  highWatermark: Offset
}

interface AdmissionFields {
  broker: BrokerId
  admission: number
}

/** A broker's replica of a group. */
export interface GroupStatusFields {
  group: GroupId
  role: string
  term: Term
  leader: BrokerId
  asleep: boolean
  commitIndex: LogIndex
  lastIndex: LogIndex
  durableIndex: LogIndex
  prevIndex: LogIndex
  configuration: {
    voters: BrokerId[]
    outgoing: BrokerId[]
    learners: BrokerId[]
    admissions: AdmissionFields[]
  }
  configurationIndex: LogIndex
  change: {
    stage: string
    target: { voters: BrokerId[]; learners: BrokerId[]; admissions: AdmissionFields[] } | null
    round: number
    reason: string | null
  }
  lastChange: { outcome: string; reason: string } | null
  transferringTo: BrokerId | null
  electionFactor: number
  followers: {
    id: BrokerId
    matchIndex: LogIndex
    nextIndex: LogIndex
    state: string
    inflight: number
    active: boolean
  }[]
  voters: BrokerId[]
  inSync: BrokerId[]
  highWatermark: Offset
  logStart: Offset
  sizeBytes: number
  trouble: string | null
  installing: { source: BrokerId; receivedBytes: number; totalBytes: number } | null
  snapshot: { index: LogIndex; term: Term; at: Timestamp; bytes: number } | null
}

export interface EntryStateFields {
  index: LogIndex
  term: Term | null
  kind: number | null
  batch: { baseOffset: Offset; lastOffset: Offset; bytes: number } | null
  state: string
}

/** Of one group, in a message for all groups of two brokers. */
export interface Beat {
  group: GroupId
  term: Term
  commit: LogIndex
  sentAt: number
  sleep: boolean
  acknowledged: number
  /** Above 0: reads wait for the answer. */
  round?: number
}
export interface BeatReply {
  group: GroupId
  term: Term
  lastIndex: LogIndex
  sentAt: number
  asleep: boolean
  /** Which replica of the broker answers, see AppendReply. */
  admission?: number
  /** The beat number of the heartbeat that is answered. */
  round?: number
}
