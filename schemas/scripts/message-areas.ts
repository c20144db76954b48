import type { MessageName } from '../src/messages.ts'

/**
 * The messages of each area, whose codecs stand in src/avro/generated-codecs/<area>.ts. A reply stands with its
 * request. The records of large unions stand by themselves.
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

/** The records of two large unions, by their duty: each list stands in a file of its own beside those of the areas. */
const recordsOf: Readonly<Record<string, readonly string[]>> = {
  'metadata-topics': [
    'metadata.CreateTopic',
    'metadata.DeleteTopic',
    'metadata.SetTopicConfig',
    'metadata.AddPartitions',
    'metadata.RecordsDeleted',
    'metadata.AllocateProducerIds',
    'metadata.AllocateOwnedIds',
  ],
  'metadata-replicas': [
    'metadata.AssignReplicas',
    'metadata.CancelChange',
    'metadata.ReplicasChanged',
    'metadata.ForceReplicas',
    'metadata.ReplicaDropped',
    'metadata.SetPriority',
    'metadata.SetBalancing',
  ],
  'metadata-brokers': [
    'metadata.RegisterBroker',
    'metadata.JoinBroker',
    'metadata.RemoveBroker',
    'metadata.ForcedCluster',
    'metadata.SetFeatureLevel',
    'metadata.SetDraining',
  ],
  'metadata-security': [
    'metadata.SetUser',
    'metadata.DeleteUser',
    'metadata.AddToken',
    'metadata.RemoveTokens',
    'metadata.AddAcls',
    'metadata.RemoveAcls',
    'metadata.SetQuota',
    'metadata.RemoveQuota',
  ],
  'consumer-group-requests': [
    'groups.Beat',
    'groups.Commit',
    'groups.Delay',
    'groups.Describe',
    'groups.List',
    'groups.Alter',
  ],
  'consumer-group-results': [
    'groups.Beaten',
    'groups.Committed',
    'groups.Altered',
    'groups.Described',
    'groups.Listed',
  ],
}
const placeOf = new Map(Object.entries(recordsOf).flatMap(([place, names]) => names.map((name) => [name, place])))

/** A page does without them until it has a member of a consumer group, or reads otherwise than in an endless loop. */
export const laterAreas = ['consumer-groups', 'reads']
export const areas: readonly string[] = Object.keys(messagesOf)
/** The files of codecs, but what several of them share, and tables. */
export const places: readonly string[] = [...areas, ...Object.keys(recordsOf)]

/** Throws an Error for a message that is in no area. */
export function areaOf(name: MessageName): string {
  const request = name.replace(/Reply$/, '') as MessageName
  const area = areas.find((area) => messagesOf[area]!.includes(request))
  if (area === undefined) throw new Error(`${name} is in no area of schemas/scripts/message-areas.ts.`)
  return area
}

/** Where a record of a union stands; undefined: with its message. `name`: with its namespace. */
export function placeOfRecord(name: string): string | undefined {
  return placeOf.get(name.replace(/^tailrace\./, ''))
}
