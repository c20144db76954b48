import { expect, test } from 'vitest'
import { overTheWire } from '../../testing/over-the-wire.ts'
import { decodeCommand, encodeCommand } from '../commands/command.ts'
import type { Intent } from '../metadata-leader.ts'
import type { CommandResult } from '../metadata-state.ts'
import { commandResultFields, commandResultOf } from './command-result-fields.ts'
import { intentFields, intentOf, isIntent } from './intent-fields.ts'

const stamp = { at: 1.7e12, broker: 2, by: 'ann' }
const place = { topicId: 't1', partition: 0 }
const broker = { id: 2, http: 'h:1', peer: 'p:1', pid: 7, incarnation: 'i', directoryId: 'd' }
const key = (letter: string) => `${letter.repeat(43)}=`
const credential = { salt: `${'A'.repeat(22)}==`, iterations: 4096, storedKey: key('A'), serverKey: key('B') }
const long = { ...credential, storedKey: `${'A'.repeat(86)}==`, serverKey: `${'B'.repeat(86)}==` }
const token = { id: 'a'.repeat(24), hash: key('A'), principal: 'User:svc', createdAt: 1.7e12, createdBy: 'User:ann' }
const orders = { type: 'topic', name: 'orders.', pattern: 'prefixed' } as const
const acl = { principal: 'User:*', host: '10.0.0.1', operation: 'read', permission: 'deny', resource: orders } as const
const entity = { principal: null, clientId: '*', address: '10.0.0.1' }
const intents: readonly Intent[] = [
  { type: 'register-broker', broker },
  { type: 'register-broker', broker: { ...broker, levels: { lowest: 1, highest: 3 } } },
  { type: 'register-broker', broker: { ...broker, rack: 'east-1' } },
  { type: 'create-topic', name: 't', topicId: 't1', partitions: 3, replicas: 2, config: {} },
  { type: 'create-topic', name: 't', topicId: 't1', partitions: 3, replicas: 2, config: { readOnly: true } },
  { type: 'delete-topic', name: 't', topicId: '' },
  { type: 'delete-topic', name: 't', topicId: 't1' },
  { type: 'set-topic-config', name: 't', topicId: 't1', changes: { retentionMs: 2 ** 40, maxBatchBytes: null } },
  { type: 'allocate-producer-ids', broker: 2, count: 1000 },
  { type: 'allocate-owned-ids', broker: 2, count: 1000, principal: 'User:svc' },
  { type: 'assign-replicas', ...place, replicas: [3, 1] },
  { type: 'assign-replicas', ...place, replicas: [3, 1], from: [1, 2] },
  { type: 'cancel-change', ...place },
  { type: 'replicas-changed', group: 4, change: 9, outcome: 'failed', reason: 'late' },
  { type: 'force-replicas', ...place, members: [1], leader: 1, lost: [2, 3], ...stamp },
  { type: 'force-replicas', ...place, members: [1], leader: 1, lost: [2, 3], term: 0, ...stamp },
  { type: 'replica-dropped', group: 4, broker: 2 },
  { type: 'set-priority', group: 0, broker: 2, factor: 3 },
  { type: 'join-broker', joining: { id: 5, directoryId: 'd', peer: 'p:5', http: 'h:5' }, at: 1.7e12, broker: 2 },
  { type: 'remove-broker', removed: 5, ...stamp },
  { type: 'forced-cluster', members: [1, 2], ...stamp },
  { type: 'set-feature-level', level: 2, ...stamp },
  { type: 'set-user', user: { name: 'ann', scram: { 'SCRAM-SHA-256': credential } }, ...stamp },
  {
    type: 'set-user',
    user: { name: 'ann', scram: { 'SCRAM-SHA-256': credential, 'SCRAM-SHA-512': long } },
    ...stamp,
  },
  { type: 'delete-user', name: 'ann', ...stamp },
  { type: 'add-token', token: { ...token, scope: null, expiresAt: null }, ...stamp },
  {
    type: 'add-token',
    token: { ...token, scope: { operations: ['read', 'write'], resources: [orders] }, expiresAt: 1.8e12 },
    ...stamp,
  },
  { type: 'remove-tokens', ids: ['a'.repeat(24)], expired: false, ...stamp },
  { type: 'add-acls', acls: [acl], ...stamp },
  { type: 'remove-acls', acls: [acl], ...stamp },
  { type: 'set-quota', quota: { entity, limits: { produceBytesPerSecond: 2 ** 40, partitionsPerHour: 7 } }, ...stamp },
  { type: 'records-deleted', group: 4, before: 2 ** 40 },
  { type: 'add-partitions', name: 't', topicId: 't1', partitions: 12 },
  { type: 'remove-quota', entity: { ...entity, principal: 'User:ann', clientId: null }, ...stamp },
]

test.each(intents.map((intent) => [intent.type, intent] as const))(
  '%s: the leader gets the intent as it was sent',
  (_, intent) => {
    const sent = { correlation: 1, id: 'c', timeoutMs: 100, intent: intentFields(intent) }
    const heard = intentOf(overTheWire('MetadataCommand', sent).intent)!
    expect(heard).toEqual(intent)
    expect(isIntent(heard)).toBe(true)
    // The form of a command in the log has not changed, and reading it gives the same command.
    if (intent.type === 'create-topic' || intent.type === 'add-partitions') return
    const command = heard as Exclude<Intent, { type: 'create-topic' | 'add-partitions' }>
    expect(decodeCommand(encodeCommand({ id: 'c', command }, 0))).toMatchObject({ id: 'c', command: intent })
  },
)

test('settings that are left out stay left out', () => {
  const changes = { retentionMs: undefined, readOnly: false } as unknown as { readOnly: boolean }
  const fields = intentFields({ type: 'set-topic-config', name: 't', changes })
  expect(fields).toEqual({
    'tailrace.metadata.SetTopicConfig': { name: 't', changes: [{ name: 'readOnly', value: false }] },
  })
})

test.each<CommandResult>([
  { ok: true },
  { ok: true, index: 12 },
  { ok: true, first: 0, count: 1000, index: 3 },
  { ok: false, code: 'UNKNOWN_TOPIC', detail: '"t"' },
])('the result of a command is the same at the broker that wanted it: %j', (result) => {
  const heard = overTheWire('MetadataCommandReply', { correlation: 1, ...commandResultFields(result) })
  expect(commandResultOf(heard)).toEqual(result)
})

test('a code that only a newer leader knows is INTERNAL, and named', () => {
  expect(commandResultOf({ refusal: { code: 'FROM_THE_FUTURE', detail: 'No.' } })).toEqual({
    ok: false,
    code: 'INTERNAL',
    detail: 'FROM_THE_FUTURE: No.',
  })
})
