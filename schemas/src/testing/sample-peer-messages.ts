import type { IntentFields } from '../metadata-intents.ts'
import type { ConditionFields, PeerMessageShapes } from '../peer-messages.ts'

const far = Number.MAX_SAFE_INTEGER - 1
const correlation = 2 ** 40
const record = { version: 1, clusterId: 'c', voters: [{ id: 1, directoryId: 'd', peer: 'p:1' }] }
const place = { topicId: 't1', partition: 3 }
const asked = { at: 1.7e12, broker: 2 }
const acl = {
  principal: 'User:ann',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { type: 'topic', name: 'orders.', pattern: 'prefixed' },
}
const settings = [
  { name: 'retentionMs', value: far },
  { name: 'readOnly', value: true },
  { name: 'maxBatchBytes', value: null },
]

/** One of each, by its full name, with no field at its zero. */
export const sampleIntents: readonly IntentFields[] = [
  {
    'tailrace.metadata.RegisterBroker': {
      broker: {
        id: 2,
        http: 'h:1',
        peer: 'p:1',
        pid: 2 ** 33,
        incarnation: 'i',
        directoryId: 'd',
        levels: { lowest: 1, highest: 2 },
        rack: 'east-1',
      },
    },
  },
  {
    'tailrace.metadata.CreateTopic': {
      name: 'flights',
      topicId: 't1',
      partitions: 6,
      replicas: 3,
      config: settings.slice(0, 2),
    },
  },
  { 'tailrace.metadata.DeleteTopic': { name: 'flights', topicId: 't1' } },
  { 'tailrace.metadata.SetTopicConfig': { name: 'flights', topicId: 't1', changes: settings } },
  { 'tailrace.metadata.AllocateProducerIds': { broker: 2, count: 1000 } },
  { 'tailrace.metadata.AssignReplicas': { ...place, replicas: [1, 2], from: [2, 3] } },
  { 'tailrace.metadata.CancelChange': place },
  { 'tailrace.metadata.ReplicasChanged': { group: 7, change: far, outcome: 'failed', reason: 'late' } },
  {
    'tailrace.metadata.ForceReplicas': {
      ...place,
      members: [1],
      leader: 1,
      lost: [2, 3],
      term: 9,
      ...asked,
      by: 'ann',
    },
  },
  { 'tailrace.metadata.ReplicaDropped': { group: 7, broker: 2 } },
  { 'tailrace.metadata.SetPriority': { group: 7, broker: 1, factor: 3 } },
  {
    'tailrace.metadata.JoinBroker': { joining: { id: 50, directoryId: 'd', peer: 'p:1', http: 'h:1' }, ...asked },
  },
  { 'tailrace.metadata.RemoveBroker': { removed: 60, ...asked, by: 'ann' } },
  { 'tailrace.metadata.ForcedCluster': { members: [1, 2, 3], ...asked, by: 'ann' } },
  { 'tailrace.metadata.SetFeatureLevel': { level: 1, ...asked, by: 'ann' } },
  {
    'tailrace.metadata.SetUser': {
      name: 'ann',
      scram: [
        {
          mechanism: 'SCRAM-SHA-256',
          salt: `${'A'.repeat(22)}==`,
          iterations: 4096,
          storedKey: `${'A'.repeat(43)}=`,
          serverKey: `${'B'.repeat(43)}=`,
        },
      ],
      ...asked,
      by: 'ann',
    },
  },
  { 'tailrace.metadata.DeleteUser': { name: 'ann', ...asked, by: 'ann' } },
  {
    'tailrace.metadata.AddToken': {
      token: {
        id: '0123456789abcdef01234567',
        hash: `${'A'.repeat(43)}=`,
        principal: 'User:svc',
        scope: { operations: ['read'], resources: [acl.resource] },
        createdAt: 1.7e12,
        createdBy: 'User:ann',
        expiresAt: 1.8e12,
      },
      ...asked,
      by: 'ann',
    },
  },
  {
    'tailrace.metadata.RemoveTokens': { ids: ['0123456789abcdef01234567'], expired: true, ...asked, by: 'ann' },
  },
  { 'tailrace.metadata.AddAcls': { acls: [acl], ...asked, by: 'ann' } },
  { 'tailrace.metadata.RemoveAcls': { acls: [acl], ...asked, by: 'ann' } },
  { 'tailrace.metadata.AllocateOwnedIds': { broker: 2, count: 1000, principal: 'User:svc' } },
  {
    'tailrace.metadata.SetQuota': {
      entity: { principal: 'User:ann', clientId: '*', address: '' },
      limits: [{ kind: 'produceBytesPerSecond', limit: 2 ** 40 }],
      ...asked,
      by: 'ann',
    },
  },
  {
    'tailrace.metadata.RemoveQuota': {
      entity: { principal: '', clientId: '', address: '10.0.0.1' },
      ...asked,
      by: 'ann',
    },
  },
  { 'tailrace.metadata.SetDraining': { drained: 3, draining: true, ...asked, by: 'ann' } },
  { 'tailrace.metadata.SetBalancing': { balancing: true, ...asked, by: 'ann' } },
  { 'tailrace.metadata.RecordsDeleted': { group: 1, before: far } },
  { 'tailrace.metadata.AddPartitions': { name: 'flights', topicId: 't1', partitions: 12 } },
]

/** A client that a broker asks for. */
export const asker = {
  principal: 'User:ann',
  groups: ['Group:g'],
  host: '10.0.0.1',
  kind: 'token',
  via: [{ principal: 'Cascade:101', host: '10.0.0.2' }],
  rulesVersion: far,
}
const admissions = [{ broker: 4, admission: far }]

export const sampleCondition: ConditionFields = {
  ready: true,
  reason: 'no source yet',
  writable: true,
  freeBytes: far,
  reserveBytes: 2 ** 30,
  secondsUntilFull: 7200,
  checksumFailures: 3,
  quarantined: 2,
  stopped: 1,
}

/** As sample-messages.ts, for the requests between brokers. */
export const samplePeerMessages: PeerMessageShapes = {
  Formation: { correlation, record },
  FormationReply: { correlation },
  Join: { correlation },
  JoinReply: { correlation, record, admission: far, addresses: ['p:1', 'p:2'] },
  MetadataCommand: { correlation, id: 'command', timeoutMs: 3000, intent: sampleIntents[5]!, asker },
  MetadataCommandReply: {
    correlation,
    refusal: { code: 'UNKNOWN_TOPIC', detail: 'flights' },
    first: far,
    count: 1000,
    index: far,
  },
  PartitionStatus: { correlation, groups: [7, 8], asker },
  PartitionStatusReply: {
    correlation,
    partitions: [{ group: 7, term: 3, inSync: [1, 2], logStart: 5, highWatermark: far }],
  },
  GroupReport: { correlation, group: 7, tail: true, asker },
  GroupReportReply: {
    correlation,
    broker: 1,
    status: {
      group: 7,
      role: 'leader',
      term: 3,
      leader: 1,
      asleep: true,
      commitIndex: far,
      lastIndex: far,
      durableIndex: 5,
      prevIndex: 4,
      configuration: { voters: [1, 2], outgoing: [3], learners: [4], admissions },
      configurationIndex: 6,
      change: {
        stage: 'joint',
        target: { voters: [1, 2], learners: [4], admissions },
        round: 2,
        reason: 'too slow',
      },
      lastChange: { outcome: 'failed', reason: 'too slow' },
      transferringTo: 2,
      electionFactor: 3,
      followers: [{ id: 2, matchIndex: 5, nextIndex: 6, state: 'replicate', inflight: 1, active: true }],
      voters: [1, 2],
      inSync: [1, 2],
      highWatermark: far,
      logStart: 5,
      sizeBytes: far,
      trouble: 'a rule was broken',
      installing: { source: 2, receivedBytes: 5, totalBytes: far },
      snapshot: { index: 4, term: 2, at: 1.7e12, bytes: far },
    },
    lastTerm: 3,
    tail: [
      { index: 5, term: 3, kind: 1, batch: { baseOffset: 4, lastOffset: far, bytes: 90 }, state: 'committed' },
      { index: 6, term: null, kind: null, batch: null, state: 'purged' },
    ],
  },
  DriveChange: { correlation, group: 7, change: far },
  DriveChangeReply: { correlation, state: 'running', reason: 'staging' },
  ChangeMetadataVoters: { correlation, voters: [1, 2, 3], asker },
  ChangeMetadataVotersReply: { correlation },
  CancelChange: { correlation, group: 7, asker },
  CancelChangeReply: { correlation },
  TransferLeadership: { correlation, group: 7, to: 2, asker },
  TransferLeadershipReply: { correlation, leader: 2 },
  DeleteRecords: { correlation, group: 7, before: far, asker },
  DeleteRecordsReply: { correlation, logStart: far },
  MayLead: { correlation, group: 7 },
  MayLeadReply: { correlation },
  ReturnLeadership: { correlation, group: 7, to: 2 },
  ReturnLeadershipReply: { correlation, outcome: 'kept' },
  KeepLeadership: { correlation, group: 7, asker },
  KeepLeadershipReply: { correlation },
  TakeSnapshot: { correlation, group: 7, asker },
  TakeSnapshotReply: { correlation, index: far, term: 3, at: 1.7e12, bytes: far },
  OfferSnapshot: { correlation, group: 7, source: 2, index: far, term: 3, asker },
  OfferSnapshotReply: { correlation },
  BrokerCondition: { correlation },
  BrokerConditionReply: { correlation, condition: sampleCondition },
  WatchEnds: {
    correlation,
    session: 3,
    begins: true,
    added: [
      { group: 7, offset: far },
      { group: 8, offset: 0 },
    ],
    dropped: [9, 10],
    waitMs: 0,
  },
  WatchEndsReply: { correlation, known: true, moved: [7, 8] },
  BrokerLoad: { correlation },
  BrokerLoadReply: {
    correlation,
    freeBytes: far,
    reserveBytes: 2 ** 30,
    replicas: [
      { group: 7, bytes: far, logStart: 5, highWatermark: far },
      { group: 8, bytes: 0, logStart: 0, highWatermark: 0 },
    ],
  },
}
