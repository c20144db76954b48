import { CLUSTER_NAME, type Operation, type Resource } from '../../api/security-api.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }

const billing: Resource = { type: 'group', name: 'billing' }
const jobs: Resource = { type: 'topic', name: '__streams.jobs.7' }
const wakers = '/streams/__ds/subscriptions/s'
const wakerResource: Resource = { type: 'topic', name: '__streams._5f_5fds.subscriptions.s' }
const ofWake = { wake_id: 'w', generation: 1 }
const nowhere: Resource = { type: 'topic', name: 'nowhere' }
const carried = { topic: 'nowhere', partition: 0, offset: 0 }

const rule = {
  principal: 'User:svc',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { ...flights, pattern: 'literal' },
}
/**
 * A request for each operation of the OpenAPI description, and the rule that it needs; null: it is open to all;
 * super-user: no rule helps; own-token: a token that no rule is about.
 */
export const describedRequests: Record<
  string,
  readonly [path: string, needs: readonly [Operation, Resource] | 'super-user' | 'own-token' | null, body?: unknown]
> = {
  welcome: ['/', null],
  health: ['/healthz', null],
  ready: ['/readyz', null],
  openapi: ['/openapi.json', null],
  stream: ['/stream', null],
  metrics: ['/metrics', ['describe', cluster]],
  settings: ['/operations/settings', ['describe', cluster]],
  logLevel: ['/operations/log-level', ['describe', cluster]],
  setLogLevel: ['/operations/log-level', ['alter', cluster], { level: 'debug' }],
  describeCluster: ['/cluster', ['describe', cluster]],
  conditions: ['/cluster/conditions', ['describe', cluster]],
  listTopics: ['/topics', ['describe', flights]],
  createTopic: ['/topics', ['create', cluster], { name: 'new', partitions: 1, replicas: 1 }],
  describeTopic: ['/topics/flights', ['describe', flights]],
  alterTopic: ['/topics/flights/config', ['alter-configs', flights], { retentionMs: 1 }],
  addPartitions: ['/topics/flights', ['alter', flights], { partitions: 9 }],
  deleteRecords: ['/topics/flights/partitions/0/delete-records', ['delete', flights], { before: 0 }],
  deleteTopic: ['/topics/flights', ['delete', flights]],
  createStream: ['/streams/jobs/7', ['create', jobs], { a: 1 }],
  appendToStream: ['/streams/jobs/7', ['write', jobs], { a: 1 }],
  readStream: ['/streams/jobs/7', ['read', jobs]],
  deleteStream: ['/streams/jobs/7', ['delete', jobs]],
  listStreamSubscriptions: ['/streams/__ds/subscriptions', ['describe', wakerResource]],
  listWebhookKeys: ['/streams/__ds/jwks.json', null],
  putStreamSubscription: [
    wakers,
    ['create', wakerResource],
    { type: 'webhook', pattern: 'a', webhook: { url: 'http://a' } },
  ],
  describeStreamSubscription: [wakers, ['describe', wakerResource]],
  deleteStreamSubscription: [wakers, ['delete', wakerResource]],
  addSubscribedStreams: [`${wakers}/streams`, ['alter', wakerResource], { streams: ['jobs/7'] }],
  removeSubscribedStream: [`${wakers}/streams/jobs/7`, ['alter', wakerResource]],
  claimStreamWake: [`${wakers}/claim`, ['read', wakerResource], { worker: 'w' }],
  ackStreamWake: [`${wakers}/ack`, 'own-token', ofWake],
  callBackStreamWake: [`${wakers}/callback`, 'own-token', ofWake],
  releaseStreamWake: [`${wakers}/release`, 'own-token', ofWake],
  publish: ['/topics/flights/records', ['write', flights], { records: [{ value: 'x' }] }],
  publishIf: ['/topics/flights/partitions/0/records?fence=1', ['write', flights], { records: [{ value: 'x' }] }],
  read: ['/topics/flights/partitions/0/records', ['read', flights]],
  // Beyond the end: any other answer has no end.
  streamEvents: ['/topics/flights/stream?from=999', ['read', flights]],
  partitionDescribe: ['/topics/flights/partitions/0/describe', ['describe', flights]],
  partitionMembers: ['/topics/flights/partitions/0/members', ['describe', flights]],
  partitionChangeMembers: ['/topics/flights/partitions/0/members', ['alter', cluster], { replicas: [1] }],
  partitionCancelChange: ['/topics/flights/partitions/0/members/change', ['alter', cluster]],
  partitionTransfer: ['/topics/flights/partitions/0/leader', ['alter', cluster], {}],
  partitionForceMembers: ['/topics/flights/partitions/0/force-members', ['alter', cluster], { members: [1] }],
  partitionSnapshot: ['/topics/flights/partitions/0/snapshot', ['alter', cluster], { broker: 1 }],
  partitionPriority: ['/topics/flights/partitions/0/priority', ['alter', cluster], { broker: 1, factor: 2 }],
  clusterDescribe: ['/cluster/describe', ['describe', cluster]],
  clusterMembers: ['/cluster/members', ['describe', cluster]],
  clusterChangeMembers: ['/cluster/members', ['alter', cluster], { replicas: [1] }],
  clusterCancelChange: ['/cluster/members/change', ['alter', cluster]],
  clusterTransfer: ['/cluster/leader', ['alter', cluster], {}],
  clusterForceMembers: ['/cluster/force-members', ['alter', cluster], { members: [1] }],
  clusterSnapshot: ['/cluster/snapshot', ['alter', cluster], { broker: 1 }],
  clusterPriority: ['/cluster/priority', ['alter', cluster], { broker: 1, factor: 2 }],
  listConsumerGroups: ['/consumer-groups', ['describe', billing]],
  describeConsumerGroup: ['/consumer-groups/billing', ['describe', billing]],
  deleteConsumerGroup: ['/consumer-groups/billing', ['delete', billing]],
  resetConsumerGroup: ['/consumer-groups/billing/reset', ['describe', billing], { to: 'earliest' }],
  exportConsumerGroup: ['/consumer-groups/billing/positions', ['describe', billing]],
  importConsumerGroup: ['/consumer-groups/billing/positions', ['describe', nowhere], { positions: [carried] }],
  raiseFeatureLevel: ['/cluster/feature-level', ['alter', cluster], { level: 1 }],
  removeBroker: ['/cluster/brokers/9', ['alter', cluster]],
  balance: ['/cluster/balance', ['describe', cluster]],
  startBalancing: ['/cluster/balance', ['alter', cluster]],
  stopBalancing: ['/cluster/balance', ['alter', cluster]],
  drainBroker: ['/cluster/brokers/9/draining', ['alter', cluster]],
  undrainBroker: ['/cluster/brokers/9/draining', ['alter', cluster]],
  moves: ['/cluster/moves', ['describe', cluster]],
  audit: ['/cluster/audit', ['describe', cluster]],
  cascadeStatus: ['/cascade', ['describe', cluster]],
  assignSource: ['/cascade/brokers/9/source', ['alter', cluster], { source: 1 }],
  listUsers: ['/security/users', ['describe', cluster]],
  setPassword: ['/security/users/bob', ['alter', cluster], { password: 'pencil' }],
  deleteUser: ['/security/users/bob', ['alter', cluster]],
  listTokens: ['/security/tokens', ['describe', cluster]],
  createToken: ['/security/tokens', ['alter', cluster], { principal: 'User:svc' }],
  revokeToken: ['/security/tokens/t9', ['alter', cluster]],
  exportCredentials: ['/security/credentials', 'super-user'],
  importCredentials: ['/security/credentials', ['alter', cluster], { users: [], tokens: [] }],
  listAcls: ['/security/acls', ['describe', cluster]],
  addAcls: ['/security/acls', ['alter', cluster], { acls: [rule] }],
  removeAcls: ['/security/acls?name=flights', ['alter', cluster]],
  listQuotas: ['/security/quotas', ['describe-configs', cluster]],
  setQuota: [
    '/security/quotas',
    ['alter-configs', cluster],
    { entity: { principal: '*' }, limits: { connections: 9 } },
  ],
  removeQuota: ['/security/quotas?principal=*', ['alter-configs', cluster]],
  testAccess: ['/security/acls/test', ['describe', cluster], { ...rule, permission: undefined, resource: flights }],
}
