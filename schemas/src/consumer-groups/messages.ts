import type { Offset, PartitionNumber, Term, Timestamp } from '../ids.ts'
import type { Asked } from '../peer-messages.ts'

/** A partition of a topic that exists, or has existed, under this id. */
interface Place {
  topicId: string
  partition: PartitionNumber
}

/** A lease of a partition that a member says it holds. */
export interface OwnedFields extends Place {
  token: number
}

/** A record that a handler of a member holds longer than it should, for `sinceMs` milliseconds now. */
export interface StuckFields extends Place {
  offset: Offset
  sinceMs: number
}

/**
 * A partition that a member has given up because of a stuck handler. `token`: of the lease that it had. `ended`: the
 * handler has returned, and the member takes the partition again.
 */
export interface DeclinedFields extends Place {
  token: number
  ended: boolean
}

/**
 * A position of a group: the offset that it reads next. `token`: of the lease; 0: from outside of the group. `done`:
 * the delayed record at this offset is done, and the position stays.
 */
export interface GroupPositionFields extends Place {
  topic: string
  token: number
  offset: Offset
  term: Term
  metadata: string
  done: boolean
}

/** A partition that a member may work on. `offset`: the committed position; -1: there is none. */
export interface LeasedFields extends Place {
  topic: string
  token: number
  offset: Offset
  term: Term
  metadata: string
}

/** A delayed record that is to be handled now. */
export interface DueFields extends Place {
  offset: Offset
  attempt: number
  token: number
}

export interface GroupMemberFields {
  id: string
  instance: string
  clientId: string
  host: string
  principal: string
  rack: string
  sessionMs: number
  epoch: number
  topics: string[]
  patterns: string[]
  stuck: { topic: string; partition: PartitionNumber; offset: Offset; sinceMs: number }[]
}

/** `member` empty: nobody has it. `end`, `lag`: -1: not known. */
export interface GroupProgressFields extends Place {
  topic: string
  member: string
  token: number
  offset: Offset
  term: Term
  metadata: string
  committedAt: Timestamp
  end: Offset
  lag: number
}

export interface ListedGroupFields {
  group: string
  state: string
  members: number
  topics: string[]
  lag: number
  /** Records that handlers of its members hold longer than they should. */
  stuck: number
}

/** The requests to a coordinator. A new one is a new record of the union: older brokers refuse it by its name. */
export interface ConsumerGroupRequestShapes {
  /**
   * `epoch`: of the last answer; 0: joins; -1: leaves; -2: leaves, and its instance comes back; -3, from brokers: its
   * connection has ended. `waitMs`: the answer waits so long for something that this member has not been told.
   * `subscribed` null: as before. `clientId` empty: that of the connection. `number` grows with each beat of the
   * member; 0 or missing: the end of its connection says nothing about it. `via`: the connection to a broker on which
   * it has come, set by brokers. `declined`: partitions that the member does not take for now; missing: none.
   */
  Beat: {
    epoch: number
    clientId: string
    instance: string
    rack: string
    sessionMs: number
    waitMs: number
    subscribed: { topics: string[]; patterns: string[] } | null
    owned: OwnedFields[]
    stuck: StuckFields[]
    number?: number
    via?: string
    declined?: DeclinedFields[]
  }
  Commit: { positions: GroupPositionFields[] }
  Delay: Place & { topic: string; token: number; offset: Offset; delayMs: number; attempt: number }
  Describe: Record<never, never>
  /** The groups of one partition of the topic of the coordinators. */
  List: { partition: PartitionNumber }
  /** For a group without members: it is removed, or its positions are set. */
  Alter: { remove: boolean; positions: GroupPositionFields[] }
}
export type ConsumerGroupRequestName = keyof ConsumerGroupRequestShapes

export interface ConsumerGroupResultShapes {
  /**
   * `assignment`: all that the member may work on; `revoke`: to be finished, committed and left out of `owned`.
   * `heedsDeclined` false or missing: an older coordinator, which keeps declined partitions for the member.
   */
  Beaten: {
    epoch: number
    heartbeatMs: number
    assignment: LeasedFields[]
    revoke: Place[]
    due: DueFields[]
    heedsDeclined?: boolean
  }
  /** `fenced`: another member has these by now, so nothing was committed for them. */
  Committed: { fenced: Place[] }
  Altered: Record<never, never>
  Described: {
    state: string
    epoch: number
    members: GroupMemberFields[]
    partitions: GroupProgressFields[]
    delayed: number
  }
  Listed: { groups: ListedGroupFields[] }
}
export type ConsumerGroupResultName = keyof ConsumerGroupResultShapes

/** One of the records, under its full Avro name, as Avro's unions have it. */
export type ConsumerGroupRequestFields = {
  [Name in ConsumerGroupRequestName]: { [Full in `tailrace.groups.${Name}`]: ConsumerGroupRequestShapes[Name] }
}[ConsumerGroupRequestName]
export type ConsumerGroupResultFields = {
  [Name in ConsumerGroupResultName]: { [Full in `tailrace.groups.${Name}`]: ConsumerGroupResultShapes[Name] }
}[ConsumerGroupResultName]

export interface ConsumerGroupMessageShapes {
  /** To the coordinator of the group; any broker takes it. `member` empty: no member asks. */
  ConsumerGroup: { correlation: number; group: string; member: string; request: ConsumerGroupRequestFields } & Asked
  ConsumerGroupReply: { correlation: number; result: ConsumerGroupResultFields }
}
