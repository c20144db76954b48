import { type BrokerId, type HoldingFields, type Message, TailraceError } from '@tailrace/schemas'
import type { Condition } from '../../api/condition.ts'
import type { GroupRequests, PeerAnswer, ReplyFields, RequestName } from '../../partition/peers.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type { Welcome } from '../formation/joining.ts'
import type { GroupRequestAnswerer } from '../members/group-requests.ts'
import type { FormationRecord } from '../metadata/formation-record.ts'
import type { MetadataLeader } from '../metadata/metadata-leader.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { ConsumerGroups } from '../routing/consumer-groups.ts'
import type { PartitionStatus } from '../routing/partition-status.ts'
import type { Publisher } from '../routing/publisher.ts'
import type { Reader } from '../routing/reader.ts'
import type { Streams } from '../routing/streams.ts'
import type { WatchedEnds } from '../routing/watched-ends.ts'
import type { Needs } from './asked-for.ts'

/** The parts of this broker that answer requests of others. */
export interface Answerers {
  readonly groups: GroupRequests
  readonly publisher: Publisher
  readonly reader: Reader
  readonly watched: WatchedEnds
  readonly consumerGroups: Pick<ConsumerGroups, 'answerHere'>
  readonly streams: Pick<Streams, 'answerHere'>
  readonly status: PartitionStatus
  readonly leader: MetadataLeader
  readonly authorizer: Authorizer
  readonly state: MetadataState
  readonly groupRequests: GroupRequestAnswerer
  /** Of this broker, now. */
  readonly condition: () => Condition
  /** What this broker's replicas and its disk hold. */
  readonly load: () => HoldingFields
  readonly receiveFormation: (from: BrokerId, record: FormationRecord) => Promise<void>
  /** A broker without a cluster asks to be admitted. */
  readonly receiveApplication: (from: BrokerId) => Promise<Welcome>
}

/** How one kind of request is checked and answered; table.ts lists them. */
export interface RequestHandler<Name extends RequestName, Needed = Answerers> {
  /**
   * Checks the request beyond Avro's types. False: it is refused with INVALID_REQUEST; it may throw a code of its own.
   */
  readonly check: (fields: Message<Name>) => boolean
  readonly needs: Needs<Message<Name>>
  /** Checks the answer, at the broker that has asked. */
  readonly checkReply: (fields: ReplyFields<Name>) => boolean
  readonly answer: (here: Needed, from: BrokerId, fields: Message<Name>, body: Uint8Array) => Promise<PeerAnswer<Name>>
}

type Check<Fields> = (fields: Fields) => boolean

/** @throws TailraceError INVALID_REQUEST, and what the check throws: another broker has sent this request */
export function checkRequest<Name extends RequestName>(
  name: Name,
  { check }: { readonly check: Check<Message<Name>> },
  fields: Message<Name>,
): void {
  if (!check(fields)) throw new TailraceError('INVALID_REQUEST', `A field of ${name} is missing or wrong.`)
}

/** @throws TailraceError INCOMPATIBLE_PEER: no version of Tailrace that this one knows answers so */
export function checkReply<Name extends RequestName>(
  name: Name,
  handler: { readonly checkReply: Check<ReplyFields<Name>> },
  fields: ReplyFields<Name>,
  from: BrokerId,
): void {
  if (handler.checkReply(fields)) return
  throw new TailraceError('INCOMPATIBLE_PEER', `A field of what broker ${from} answers to ${name} is wrong.`)
}

/** Of requests about a group. */
export type GroupRequestHandler<Name extends RequestName> = RequestHandler<Name, Pick<Answerers, 'groupRequests'>>

/** Of fields in which every value that Avro's types allow makes sense, or that are checked where they are used. */
export function anything(): boolean {
  return true
}

export function withoutBody<Fields>(fields: Fields): { readonly fields: Fields; readonly body: readonly Uint8Array[] } {
  return { fields, body: [] }
}
