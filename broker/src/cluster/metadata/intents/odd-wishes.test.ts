import { type IntentFields, isTopicName } from '@tailrace/schemas'
import { beforeAll, describe, expect, test } from 'vitest'
import { asked } from '../../testing/asked.ts'
import { during } from '../../testing/running.ts'
import { type TestBroker, TestCluster } from '../../testing/test-cluster.ts'
import type { Intent } from '../metadata-leader.ts'
import { MetadataState } from '../metadata-state.ts'
import { refuseByChecks } from './intent-checks.ts'
import { intentFields } from './intent-fields.ts'
import { checkChanges, defaultPartitionLimits } from './topic-rules.ts'

/** Requests of a broker to the metadata leader, and to others, with one field after the other made odd. */

let cluster: TestCluster
let topicId: string

beforeAll(async () => {
  cluster = await TestCluster.of(3)
  const { api } = cluster.broker(1).node
  await during(cluster, api.createTopic({ name: 't', partitions: 2, replicas: 3 }))
  topicId = api.listTopics()[0]!.id
})

function leader(): TestBroker {
  return cluster.broker(cluster.world.leaderOf(0))
}

/** The broker that asks: another than the leader. */
function asker(): number {
  return leader().id === 3 ? 2 : 3
}

type Outcome = { readonly ok: boolean; readonly code?: string; readonly detail?: string }

let ids = 0
/** `intent`: as it is on the wire; a value that cannot be there is refused when it is written. */
async function wish(intent: object): Promise<Outcome> {
  const fields = { id: `odd-${ids++}`, timeoutMs: 3000, intent: intent as IntentFields }
  try {
    const answer = await during(cluster, asked(cluster, asker(), leader().id, 'MetadataCommand', fields))
    return answer.refusal == null ? { ok: true } : { ok: false, ...answer.refusal }
  } catch (error) {
    return { ok: false, code: (error as { code?: string }).code ?? String(error), detail: String(error) }
  }
}

const stamp = { at: 1, by: 'x' }
const registration = (id: number) => ({
  id,
  http: 'h:1',
  peer: 'p:1',
  pid: 1,
  incarnation: 'i',
  directoryId: 'd',
})
const key = `${'A'.repeat(43)}=`
const credential = { salt: `${'A'.repeat(22)}==`, iterations: 4096, storedKey: key, serverKey: key }
const ann = { name: 'ann', scram: { 'SCRAM-SHA-256': credential } }
const orders = { type: 'topic', name: 'orders.', pattern: 'prefixed' } as const
const token = {
  id: '0'.repeat(24),
  hash: key,
  principal: 'User:svc',
  scope: { operations: ['read'], resources: [orders] },
  createdAt: 1,
  createdBy: 'ann',
  expiresAt: 2,
} as const
const acl = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow', resource: orders } as const
const entity = { principal: 'User:ann', clientId: '*', address: null }
const tokenId = (): string => String(ids).padStart(24, '0')
/** Each kind that exists. */
const intents = (): { readonly [Type in Intent['type']]: Omit<Intent & { type: Type }, 'type'> } => ({
  'create-topic': { name: `n${ids}`, topicId: `id${ids}`, config: { retentionMs: 5 }, partitions: 1, replicas: 1 },
  'delete-topic': { name: 'nobody' },
  'set-topic-config': { name: 't', changes: { maxBatchBytes: 2000, retentionBytes: null, readOnly: false } },
  'assign-replicas': { topicId, partition: 1, replicas: [1, 2] },
  'cancel-change': { topicId, partition: 1 },
  'replicas-changed': { group: 2, change: 1, outcome: 'done', reason: 'r' },
  'force-replicas': { topicId, partition: 1, members: [1], leader: 1, lost: [9], term: 3, broker: asker(), ...stamp },
  'replica-dropped': { group: 2, broker: asker() },
  'set-priority': { group: 2, broker: 1, factor: 2 },
  'register-broker': { broker: registration(asker()) },
  'allocate-producer-ids': { broker: asker(), count: 10 },
  'allocate-owned-ids': { broker: asker(), count: 10, principal: 'User:svc' },
  'join-broker': { joining: { id: 50, directoryId: 'd', peer: 'p:1', http: 'h:1' }, broker: asker(), at: 1 },
  'remove-broker': { removed: 60, broker: asker(), ...stamp },
  'forced-cluster': { members: [1, 2, 3], broker: asker(), ...stamp },
  'set-feature-level': { level: 1, broker: asker(), ...stamp },
  'set-user': { user: ann, broker: asker(), ...stamp },
  'delete-user': { name: 'nobody', broker: asker(), ...stamp },
  'add-token': { token: { ...token, id: tokenId() }, broker: asker(), ...stamp },
  'remove-tokens': { ids: [token.id], expired: false, broker: asker(), ...stamp },
  'add-acls': { acls: [acl], broker: asker(), ...stamp },
  'remove-acls': { acls: [acl], broker: asker(), ...stamp },
  'set-quota': { quota: { entity, limits: { connections: 7 } }, broker: asker(), ...stamp },
  'remove-quota': { entity, broker: asker(), ...stamp },
  'set-draining': { drained: 3, draining: false, broker: asker(), ...stamp },
  'set-balancing': { balancing: false, broker: asker(), ...stamp },
  'records-deleted': { group: 2, before: 5 },
  'add-partitions': { name: 't', topicId, partitions: 3 },
})
const speakers: readonly Intent['type'][] = [
  'force-replicas',
  'replica-dropped',
  'allocate-producer-ids',
  'allocate-owned-ids',
  'remove-broker',
  'join-broker',
  'forced-cluster',
  'set-feature-level',
  'set-user',
  'delete-user',
  'add-token',
  'remove-tokens',
  'add-acls',
  'remove-acls',
  'set-quota',
  'remove-quota',
  'set-draining',
  'set-balancing',
]
const types = [
  'create-topic',
  'delete-topic',
  'set-topic-config',
  'assign-replicas',
  'cancel-change',
  'replicas-changed',
  'force-replicas',
  'replica-dropped',
  'set-priority',
  'register-broker',
  'allocate-producer-ids',
  'allocate-owned-ids',
  'join-broker',
  'remove-broker',
  'forced-cluster',
  'set-feature-level',
  'set-user',
  'delete-user',
  'add-token',
  'remove-tokens',
  'add-acls',
  'remove-acls',
  'set-quota',
  'remove-quota',
  'set-draining',
  'set-balancing',
  'add-partitions',
  'records-deleted',
] as const
const odd = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  '',
  'NaN',
  '../../../etc/x',
  [],
  {},
  [null],
  [-1],
]

function* variants(value: unknown): Iterable<unknown> {
  yield* odd
  yield 'x'.repeat(2000)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [key, part] of Object.entries(value)) {
    const { [key]: _, ...without } = value as Record<string, unknown>
    yield without
    for (const other of variants(part)) yield { ...value, [key]: other }
  }
}

function expectSound(): void {
  const { api } = leader().node
  const limits = { ...defaultPartitionLimits, maxBatchBytes: 4_194_304 }
  for (const { name, partitions, config } of api.listTopics()) {
    expect(isTopicName(name)).toBe(true)
    expect(partitions).toBeLessThanOrEqual(limits.maxPartitionsPerTopic)
    checkChanges(config, limits)
    for (const { replicas } of api.routing([name]).topics[0]!.partitions) {
      expect(replicas.length).toBeGreaterThan(0)
      for (const id of replicas) expect([1, 2, 3]).toContain(id)
    }
  }
}

function onTheWire(type: Intent['type'], changes: object = {}): object {
  return intentFields({ ...intents()[type], ...changes, type } as Intent)
}

test.each(types)('%s: any value of a field is refused with a code, or harmless', async (type) => {
  // An intent that is accepted would change the objects of the others; of those only the odd ones are sent.
  const [[name, fields] = []] = Object.entries(onTheWire(type))
  for (const variant of variants(fields)) {
    const outcome = await wish({ [name!]: variant })
    if (!outcome.ok) expect(outcome.code, JSON.stringify(variant)).not.toBe('INTERNAL')
    if (!outcome.ok) expect(outcome.code, outcome.detail).toMatch(/^[A-Z_]+$/)
  }
  expectSound()
  expect(leader().logged.filter((line) => line.includes('fail'))).toEqual([])
})

test('a value that is no command is refused when it is written', async () => {
  const sound = onTheWire('delete-topic')
  const two = { ...sound, ...onTheWire('cancel-change') }
  for (const intent of [undefined, null, {}, [], 'delete-topic', { 'tailrace.metadata.NoSuchCommand': {} }, two]) {
    expect(await wish(intent as object)).toMatchObject({ ok: false, code: 'INVALID_REQUEST' })
  }
  const ask = (id: string, timeoutMs: number) =>
    asked(cluster, asker(), leader().id, 'MetadataCommand', { id, timeoutMs, intent: sound as IntentFields })
  for (const [id, timeoutMs] of [
    ['', 1000],
    ['x'.repeat(101), 1000],
    ['a', 0],
    ['a', -1],
  ] as const) {
    await expect(ask(id, timeoutMs)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  }
})

test('no kind of intent is left out', () => {
  expect(Object.keys(intents()).sort()).toEqual([...types].sort())
})

test.each(speakers)('%s: no broker claims for another that it was asked', async (type) => {
  const other = [1, 2, 3].find((id) => id !== asker() && id !== leader().id)!
  expect(await wish(onTheWire(type, { broker: other }))).toMatchObject({ ok: false, code: 'INVALID_REQUEST' })
})

describe('refused by name at the leader, as HTTP refuses it', () => {
  const creation = (changes: object) => ({
    'tailrace.metadata.CreateTopic': {
      name: 'a',
      topicId: 'fresh',
      config: [],
      partitions: 1,
      replicas: 1,
      ...changes,
    },
  })
  const setting = (name: string, value: unknown) => [{ name, value }]
  const changed = (changes: unknown[]) => ({ 'tailrace.metadata.SetTopicConfig': { name: 't', changes } })
  const twice = [...setting('readOnly', true), ...setting('readOnly', false)]
  const cases: [string, object, string][] = [
    ['a name that is too long', creation({ topicId: 'x'.repeat(1001) }), 'INVALID_REQUEST'],
    ['a name of a setting that is', creation({ config: setting('x'.repeat(1001), 1) }), 'INVALID_REQUEST'],
    ['a path for a name', creation({ name: '../../../etc/x' }), 'INVALID_TOPIC_NAME'],
    ['a batch limit that is no number', creation({ config: setting('maxBatchBytes', true) }), 'INVALID_SETTING'],
    ['a batch limit that is text', creation({ config: setting('maxBatchBytes', 'NaN') }), 'INVALID_REQUEST'],
    ['a setting with its default', creation({ config: setting('retentionMs', null) }), 'INVALID_SETTING'],
    ['a setting twice', creation({ config: twice }), 'INVALID_REQUEST'],
    ['no settings at all', creation({ config: null }), 'INVALID_REQUEST'],
    ['a million partitions', creation({ partitions: 1_000_000 }), 'INVALID_REPLICATION'],
    ['no partitions', creation({ partitions: 0 }), 'INVALID_REPLICATION'],
    ['more replicas than brokers', creation({ replicas: 99 }), 'INVALID_REPLICATION'],
    ['a changed limit', changed(setting('maxBatchBytes', false)), 'INVALID_SETTING'],
    ['a change that is made twice', changed(twice), 'INVALID_REQUEST'],
    ['an unknown setting', changed(setting('bogus', 1)), 'INVALID_SETTING'],
    ['a name that every object has', changed(setting('__proto__', 1)), 'INVALID_SETTING'],
    [
      'a priority of a stranger',
      intentFields({ type: 'set-priority', group: 2, broker: 9, factor: 2 }),
      'UNKNOWN_BROKER',
    ],
    [
      'a registration of another',
      intentFields({ type: 'register-broker', broker: registration(9) }),
      'INVALID_REQUEST',
    ],
  ]
  test.each(cases)('%s', async (_, intent, code) => {
    expect(await wish(intent)).toMatchObject({ ok: false, code })
  })
})

test('no broker gets more replicas than it may hold, by creation or by a change', () => {
  const state = new MetadataState()
  const partitions = [
    [1, 2],
    [1, 3],
    [1, 2],
  ].map((replicas) => ({ replicas }))
  state.apply(1, { id: 'c', command: { type: 'create-topic', name: 'a', topicId: 'a', config: {}, partitions } })
  for (const id of [1, 2, 3]) {
    const broker = { id, http: 'h:1', peer: 'p:1', pid: 1, incarnation: 'i', directoryId: `d${id}` }
    state.apply(1 + id, { id: `r${id}`, command: { type: 'register-broker', broker } })
  }
  const limits = { ...defaultPartitionLimits, maxBatchBytes: 4_194_304, maxReplicasPerBroker: 3 }
  const deps = { state, limits, brokers: () => [1, 2, 3], living: () => [1, 2, 3] }
  const creation = { type: 'create-topic', name: 'b', topicId: 'b', config: {}, partitions: 1, replicas: 2 } as const
  // Broker 1 is full, 2 has room for one, 3 for two.
  const full = { ok: false, code: 'TOO_MANY_PARTITIONS' }
  expect(refuseByChecks(deps, creation)).toBeNull()
  expect(refuseByChecks(deps, { ...creation, replicas: 3 })).toMatchObject(full)
  expect(refuseByChecks(deps, { ...creation, partitions: 2 })).toMatchObject(full)
  expect(refuseByChecks(deps, { ...creation, partitions: 3, replicas: 1 })).toBeNull()
  const change = { type: 'assign-replicas', topicId: 'a', partition: 1, replicas: [1, 3, 2] } as const
  expect(refuseByChecks(deps, change)).toBeNull()
  expect(refuseByChecks({ ...deps, limits: { ...limits, maxReplicasPerBroker: 2 } }, change)).toMatchObject(full)
})

test('replicas go to brokers that are up, and that have ever been', async () => {
  const own = await TestCluster.of(3)
  const { api } = own.broker(1).node
  await own.kill(own.broker(3))
  const early = api.createTopic({ name: 'three', partitions: 1, replicas: 3 })
  await expect(during(own, early)).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('2 of 3 brokers are up'),
  })
  await during(own, api.createTopic({ name: 'two', partitions: 6, replicas: 2 }))
  for (const { replicas } of api.routing(['two']).topics[0]!.partitions) expect(replicas).not.toContain(3)
  // One that was admitted and has never registered.
  const joining = { id: 7, directoryId: 'd', peer: 'p:1', http: 'h:1' }
  const intent = intentFields({ type: 'join-broker', joining, at: 1, broker: 2 })
  const fields = { id: 'j', timeoutMs: 3000, intent }
  await during(own, asked(own, 2, own.world.leaderOf(0), 'MetadataCommand', fields))
  const two = { kind: 'partition', topic: 'two', partition: 0 } as const
  await expect(during(own, own.broker(1).node.admin.changeMembers(two, [1, 7]))).rejects.toMatchObject({
    code: 'UNKNOWN_BROKER',
  })
})
