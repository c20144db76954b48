import type { MessageName } from '../src/messages.ts'

/**
 * The messages of each area, whose codecs stand in src/avro/generated-codecs/<area>.ts. A reply stands with its
 * request. Large messages have a file of their own.
 */
const messagesOf: Readonly<Record<string, readonly MessageName[]>> = {
  connection: ['Hello', 'Failure', 'Schemas', 'Challenge', 'Authenticate'],
  raft: ['Append', 'Vote', 'Heartbeats', 'HeartbeatReplies', 'Leaders', 'TimeoutNow', 'SleepingGroups', 'WakeGroups'],
  copies: ['Snapshot', 'OfferSnapshot', 'TakeSnapshot', 'CopyOpen', 'CopyRead', 'CopyClose', 'ReadEntries'],
  brokers: ['NodeBeat', 'Lives', 'Witness'],
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
  'cluster-members': ['Formation', 'Join', 'DriveChange', 'ChangeMetadataVoters', 'CancelChange'],
  leadership: ['TransferLeadership', 'MayLead', 'ReturnLeadership', 'KeepLeadership'],
  partitions: ['PartitionStatus', 'WatchEnds', 'DeleteRecords'],
  reports: ['GroupReport', 'BrokerCondition', 'BrokerLoad'],
  'metadata-command': ['MetadataCommand'],
  'cascade-beats': ['CascadeBeat', 'CascadeReports', 'CascadeStatus'],
  'cascade-lists': ['CascadeTopics', 'AssignSource', 'CascadeSecurity'],
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
