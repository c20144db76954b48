import type { BrokerId, Message } from '@tailrace/schemas'
import type { RequestName } from '../../partition/peers.ts'
import { brokerCondition } from './broker-condition.ts'
import { brokerLoad } from './broker-load.ts'
import { cancelChange } from './cancel-change.ts'
import { changeMetadataVoters } from './change-metadata-voters.ts'
import { consumerGroup } from './consumer-group.ts'
import { copyClose, copyOpen, copyRead, readEntries } from './copies.ts'
import { deleteRecords } from './delete-records.ts'
import { driveChange } from './drive-change.ts'
import { fetch } from './fetch.ts'
import { findOffset } from './find-offset.ts'
import { formation } from './formation.ts'
import { groupReport } from './group-report.ts'
import { join } from './join.ts'
import { keepLeadership } from './keep-leadership.ts'
import { mayLead } from './may-lead.ts'
import { metadataCommand, speakerOfCommand } from './metadata-command.ts'
import { offerSnapshot } from './offer-snapshot.ts'
import { partitionStatus } from './partition-status.ts'
import { publish } from './publish.ts'
import { publishIf } from './publish-if.ts'
import type { Answerers, RequestHandler } from './request.ts'
import { returnLeadership } from './return-leadership.ts'
import { stream } from './stream.ts'
import { takeSnapshot } from './take-snapshot.ts'
import { transferLeadership } from './transfer-leadership.ts'
import { watchEnds } from './watch-ends.ts'

/**
 * The brokers that are answered: any after the handshake, since one becomes a member so; those that are known as
 * members of the cluster; of these, those that may have a replica of the group, or those that may lead the metadata
 * group, which alone decides what moves.
 *
 * Members without a replica must be able to ask for a change or a transfer: an operator speaks to any broker, which
 * brings the request to the leader. The message then names the client, for which the leader asks its own rules.
 */
export type Askers = 'any' | 'members' | 'replicas' | 'controllers'

export interface RequestRow<Name extends RequestName, Needed = Answerers> {
  readonly handler: RequestHandler<Name, Needed>
  readonly askers: Askers
  /** The only broker that may send this, where only one may; null: any of the askers may. */
  readonly speaker: (fields: Message<Name>) => BrokerId | null
}

/** Requests about cascade brokers, which have a table of their own (cascade/control/requests/table.ts). */
export type CascadeRequestName = 'CascadeReports' | 'CascadeStatus' | 'AssignSource'
export type ClusterRequestName = Exclude<RequestName, CascadeRequestName>

const any = (): null => null

/**
 * All requests between brokers except those about cascade brokers. A new request is a message with a reply (schemas), a
 * handler file here, and a row.
 */
export const requestTable = {
  Formation: { handler: formation, askers: 'any', speaker: any },
  Join: { handler: join, askers: 'any', speaker: any },
  MetadataCommand: { handler: metadataCommand, askers: 'members', speaker: speakerOfCommand },
  PartitionStatus: { handler: partitionStatus, askers: 'members', speaker: any },
  GroupReport: { handler: groupReport, askers: 'members', speaker: any },
  DriveChange: { handler: driveChange, askers: 'controllers', speaker: any },
  ChangeMetadataVoters: { handler: changeMetadataVoters, askers: 'members', speaker: any },
  CancelChange: { handler: cancelChange, askers: 'members', speaker: any },
  TransferLeadership: { handler: transferLeadership, askers: 'members', speaker: any },
  DeleteRecords: { handler: deleteRecords, askers: 'members', speaker: any },
  MayLead: { handler: mayLead, askers: 'controllers', speaker: any },
  ReturnLeadership: { handler: returnLeadership, askers: 'controllers', speaker: any },
  KeepLeadership: { handler: keepLeadership, askers: 'members', speaker: any },
  TakeSnapshot: { handler: takeSnapshot, askers: 'members', speaker: any },
  OfferSnapshot: { handler: offerSnapshot, askers: 'members', speaker: any },
  BrokerCondition: { handler: brokerCondition, askers: 'members', speaker: any },
  BrokerLoad: { handler: brokerLoad, askers: 'members', speaker: any },
  Publish: { handler: publish, askers: 'members', speaker: any },
  PublishIf: { handler: publishIf, askers: 'members', speaker: any },
  Fetch: { handler: fetch, askers: 'members', speaker: any },
  FindOffset: { handler: findOffset, askers: 'members', speaker: any },
  ConsumerGroup: { handler: consumerGroup, askers: 'members', speaker: any },
  Stream: { handler: stream, askers: 'members', speaker: any },
  WatchEnds: { handler: watchEnds, askers: 'members', speaker: any },
  CopyOpen: { handler: copyOpen, askers: 'replicas', speaker: any },
  CopyRead: { handler: copyRead, askers: 'members', speaker: any },
  CopyClose: { handler: copyClose, askers: 'members', speaker: any },
  ReadEntries: { handler: readEntries, askers: 'replicas', speaker: any },
} as const satisfies { readonly [Name in ClusterRequestName]: RequestRow<Name> }
