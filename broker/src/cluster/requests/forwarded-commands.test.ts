import { beforeEach, expect, test } from 'vitest'
import type { Acl, Operation, ResourcePattern } from '../../api/security-api.ts'
import { CLUSTER_NAME } from '../../api/security-api.ts'
import { intentFields } from '../metadata/intents/intent-fields.ts'
import type { Intent } from '../metadata/metadata-leader.ts'
import { asked } from '../testing/asked.ts'
import { during } from '../testing/running.ts'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
let leader: TestBroker
let other: TestBroker

beforeEach(async () => {
  cluster = new TestCluster()
  cluster.access = { mode: 'required', superUsers: ['User:root'] }
  for (const id of [1, 2, 3]) await cluster.start(id, [1, 2, 3])
  cluster.linkAll()
  await cluster.clock.advance(2000)
  leader = cluster.broker(cluster.world.leaderOf(0))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
})

const session = (principal: string) => ({ principal, groups: [], host: '10.0.0.1', kind: 'scram', via: [] }) as const
const topic: ResourcePattern = { type: 'topic', name: 't', pattern: 'literal' }
const theCluster: ResourcePattern = { type: 'cluster', name: CLUSTER_NAME, pattern: 'literal' }
const rule = (operation: Operation, resource: ResourcePattern): Acl => ({
  principal: 'User:ann',
  host: '*',
  operation,
  permission: 'allow',
  resource,
})
const outcome = (work: Promise<unknown>): Promise<string | null> =>
  during(cluster, work).then(
    () => null,
    ({ code }) => code,
  )
const add = (acl: Acl) => during(cluster, leader.node.security.addAcls([acl]))
const forget = () => during(cluster, leader.node.security.removeAcls({ principal: 'User:ann' }))
const creation = { name: 't', partitions: 1, replicas: 1 }

test('a topic is created for a client that may create it, by the rules of the metadata leader as well', async () => {
  const create = () => outcome(other.node.api.createTopic(creation, session('User:ann')))
  expect(await create()).toBe('AUTHORIZATION_FAILED')
  expect(other.node.api.listTopics()).toEqual([])
  for (const resource of [topic, theCluster]) {
    await add(rule('create', resource))
    expect(await create()).toBeNull()
    await outcome(other.node.api.deleteTopic('t'))
    await forget()
  }
  expect(await outcome(other.node.api.createTopic(creation, session('User:root')))).toBeNull()
})

test('so it is altered and deleted', async () => {
  await during(cluster, other.node.api.createTopic(creation))
  const alter = () => outcome(other.node.admin.for(session('User:ann')).alterTopic('t', { retentionMs: 5 }))
  const remove = () => outcome(other.node.api.deleteTopic('t', '', session('User:ann')))
  expect([await alter(), await remove()]).toEqual(['AUTHORIZATION_FAILED', 'AUTHORIZATION_FAILED'])
  expect(other.node.api.listTopics()[0]!.config).toEqual({})
  await add(rule('alter-configs', topic))
  expect([await alter(), await remove()]).toEqual([null, 'AUTHORIZATION_FAILED'])
  await add(rule('delete', topic))
  expect(await remove()).toBeNull()
})

test('so it gets more partitions', async () => {
  await during(cluster, other.node.api.createTopic(creation))
  const extend = () => outcome(other.node.admin.for(session('User:ann')).addPartitions('t', 3))
  await add(rule('alter-configs', topic))
  expect(await extend()).toBe('AUTHORIZATION_FAILED')
  expect(other.node.api.listTopics()).toMatchObject([{ partitions: 1 }])
  await add(rule('alter', topic))
  expect(await extend()).toBeNull()
  expect(other.node.api.listTopics()).toMatchObject([{ partitions: 3 }])
})

const wish = (intent: Intent, asker?: object) =>
  outcome(
    asked(cluster, other.id, leader.id, 'MetadataCommand', {
      id: `wish-${intent.type}-${JSON.stringify(asker ?? null)}`.slice(0, 90),
      timeoutMs: 1000,
      intent: intentFields(intent),
      ...(asker && { asker: asker as never }),
    }),
  )

test('any other wish for a client needs the right to alter the cluster; a broker’s own needs none', async () => {
  const priority = { type: 'set-priority', group: 0, broker: 1, factor: 2 } as const
  expect(await wish(priority, session('User:ann'))).toBe('AUTHORIZATION_FAILED')
  await add(rule('alter', theCluster))
  expect(await wish(priority, session('User:ann'))).toBeNull()
  expect(await wish({ ...priority, factor: 3 })).toBeNull()
})

test('a client without a principal is refused', async () => {
  for (const asker of [{ ...session('ann') }, { ...session('User:ann'), kind: 'x'.repeat(1001) }]) {
    expect(await wish({ type: 'delete-topic', name: 't' }, asker)).toBe('INVALID_REQUEST')
  }
})
