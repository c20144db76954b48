import type { BrokerId, GroupId, Message, MessageName, PeerRequestName } from '@tailrace/schemas'
import type { RaftMessage } from '../raft/messages.ts'

/**
 * Messages to the other brokers: one connection to each, shared by all groups. doors/peer implements it over a Network.
 * Raft messages may be dropped at any time (no link, full queue): Raft repairs that.
 */
export interface Peers {
  /**
   * Queues a Raft message; heartbeats of one turn are merged into one frame. `payloads`: the batches of an append's
   * entries.
   */
  sendRaft(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void
  /** Tells all connected brokers which groups this one leads. */
  announceLeaders(leaders: Message<'Leaders'>['leaders']): void
  /** Sends a broker a message without an answer; lost where there is no link. */
  tell<Name extends NoteName>(to: BrokerId, name: Name, fields: Message<Name>): void
  /**
   * Sends a broker a request. Rejects with TailraceError: CONNECTION_LOST (never sent or no answer: outcome unknown),
   * TIMED_OUT, or the code that the other side answered. Requests on one link are sent in call order.
   */
  request<Name extends RequestName>(
    to: BrokerId,
    name: Name,
    fields: RequestFields<Name>,
    body: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<PeerReply<Name>>
  /** Whether there is a working link to the broker now. */
  connected(to: BrokerId): boolean
  /** A connected broker's description of itself, if it has sent one. */
  identity(of: BrokerId): PeerIdentity | undefined
}

/**
 * The messages between brokers about all their groups together (sleepers.ts), and about their disks
 * (cluster/formation/witness.ts).
 */
export type NoteName = 'NodeBeat' | 'SleepingGroups' | 'WakeGroups' | 'Lives' | 'Witness'

export type RequestName = PeerRequestName
/** The fields of a request, and of its answer, beside the correlation. */
export type RequestFields<Name extends RequestName> = Omit<Message<Name>, 'correlation'>
export type ReplyFields<Name extends RequestName> = Omit<PeerReply<Name>['fields'], 'correlation'>
/**
 * Requests that a group's replica answers by itself, on whatever broker it is: copies of its state and entries that
 * another has lost.
 */
export type GroupRequestName = 'CopyOpen' | 'CopyRead' | 'CopyClose' | 'ReadEntries'

export interface PeerAnswer<Name extends RequestName> {
  readonly fields: ReplyFields<Name>
  readonly body: readonly Uint8Array[]
}

/** Answers them. */
export interface GroupRequests {
  answer<Name extends GroupRequestName>(from: BrokerId, name: Name, fields: Message<Name>): Promise<PeerAnswer<Name>>
}

export interface PeerReply<Name extends RequestName> {
  readonly fields: Message<`${Name}Reply` & MessageName>
  readonly body: Uint8Array
}

export interface PeerIdentity {
  readonly brokerId: BrokerId
  /** Made once for each data directory: a wiped disk has another one. */
  readonly directoryId: string
  readonly incarnation: string
  readonly clusterId: string
  readonly peer: string
  readonly http: string
  readonly formed: boolean
  /** Of another broker: it has proved that it belongs to the cluster, by its key or by a certificate. Not sent. */
  readonly proved?: boolean
}

export interface PeerHandlers {
  /**
   * Whether the broker may send messages about this group's log: asked before any field of a Raft message but its group
   * is looked at, and only then is `raft` called.
   */
  accepts(from: BrokerId, group: GroupId): boolean
  raft(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void
  /** Entries of the group came in a frame that is longer than this broker takes, and were dropped. */
  tooLarge(from: BrokerId, group: GroupId, frameBytes: number): void
  /** The broker says which groups it leads. Returns how many of these it cannot be the leader of. */
  leaders(from: BrokerId, leaders: Message<'Leaders'>['leaders']): number
  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void
  /** A link to a peer is up (its old messages are lost) or down. */
  link(peer: BrokerId, up: boolean): void
  /** Decides whether to accept a peer; a TailraceError's code tells it why not. */
  admit(identity: PeerIdentity): void
  /**
   * Answers a request; a rejection becomes a Failure. Called in arrival order; must do its ordering-sensitive part
   * before its first await.
   */
  request<Name extends RequestName>(
    from: BrokerId,
    name: Name,
    fields: Message<Name>,
    body: Uint8Array,
  ): Promise<PeerAnswer<Name>>
}
