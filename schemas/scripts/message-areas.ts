import type { MessageName } from '../src/messages.ts'

/**
 * The messages of each area, whose codecs stand in src/avro/generated-codecs/<area>.ts. A reply stands with its
 * request. The largest message has a file of its own.
 */
const messagesOf: Readonly<Record<string, readonly MessageName[]>> = {
  connection: ['Hello', 'Failure', 'Schemas', 'Challenge', 'Authenticate'],
  raft: [
    'Append',
    'Vote',
    'Heartbeats',
    'HeartbeatReplies',
    'Leaders',
    'Snapshot',
    'TimeoutNow',
    'NodeBeat',
    'SleepingGroups',
    'WakeGroups',
    'Lives',
    'Witness',
    'CopyOpen',
    'CopyRead',
    'CopyClose',
    'ReadEntries',
  ],
  client: [
    'Publish',
    'PublishIf',
    'InitProducer',
    'Metadata',
    'Subscribe',
    'Subscribed',
    'Records',
    'Credit',
    'Unsubscribe',
    'SubscriptionEnd',
  ],
  reads: ['Fetch', 'FindOffset', 'Brokers'],
  peer: [
    'Formation',
    'Join',
    'PartitionStatus',
    'GroupReport',
    'DriveChange',
    'ChangeMetadataVoters',
    'CancelChange',
    'TransferLeadership',
    'MayLead',
    'ReturnLeadership',
    'KeepLeadership',
    'TakeSnapshot',
    'OfferSnapshot',
    'BrokerCondition',
    'WatchEnds',
    'BrokerLoad',
    'DeleteRecords',
  ],
  'metadata-command': ['MetadataCommand'],
  cascade: ['CascadeBeat', 'CascadeTopics', 'CascadeReports', 'CascadeStatus', 'AssignSource', 'CascadeSecurity'],
  'consumer-groups': ['ConsumerGroup'],
  streams: ['Stream'],
}

/** A page does without them until it has a member of a consumer group, or reads otherwise than in an endless loop. */
export const laterAreas = ['consumer-groups', 'reads']
export const areas: readonly string[] = Object.keys(messagesOf)

/** Throws an Error for a message that is in no area. */
export function areaOf(name: MessageName): string {
  const request = name.replace(/Reply$/, '') as MessageName
  const area = areas.find((area) => messagesOf[area]!.includes(request))
  if (area === undefined) throw new Error(`${name} is in no area of schemas/scripts/message-areas.ts.`)
  return area
}
