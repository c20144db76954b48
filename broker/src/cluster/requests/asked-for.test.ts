import { type MessageName, TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { asker, sampleIntents } from '../../../../schemas/src/testing/sample-peer-messages.ts'
import { type Acl, CLUSTER_NAME, type Operation, type ResourcePattern } from '../../api/security-api.ts'
import { cascadeRequestTable } from '../../cascade/control/requests/table.ts'
import { Authorizer } from '../../security/access/authorizer.ts'
import { MetadataState } from '../metadata/metadata-state.ts'
import { checkAsked, type Needs } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { requestTable } from './table.ts'

type AnyNeeds = Needs<never>
const handlers = Object.fromEntries([
  ...Object.entries(requestTable).map(([name, { handler }]) => [name, handler]),
  ...Object.entries(cascadeRequestTable),
]) as unknown as Readonly<Record<string, RequestHandler<never, never>>>
const needsOf = (name: string): AnyNeeds => handlers[name]!.needs as AnyNeeds
const forClients = Object.keys(handlers).filter((name) => needsOf(name) !== 'no-client')

const topic: ResourcePattern = { type: 'topic', name: 't', pattern: 'literal' }
const group: ResourcePattern = { type: 'group', name: 'g', pattern: 'literal' }
const cluster: ResourcePattern = { type: 'cluster', name: CLUSTER_NAME, pattern: 'literal' }

/** What a client needs for a request of this name about the topic "t", or group 1, which is a partition of it. */
const needed: Readonly<Record<string, readonly [Operation, ResourcePattern]>> = {
  Publish: ['write', topic],
  PublishIf: ['write', topic],
  Fetch: ['read', topic],
  FindOffset: ['describe', topic],
  PartitionStatus: ['describe', topic],
  GroupReport: ['describe', topic],
  ChangeMetadataVoters: ['alter', cluster],
  CancelChange: ['alter', cluster],
  TransferLeadership: ['alter', cluster],
  DeleteRecords: ['delete', topic],
  KeepLeadership: ['alter', cluster],
  TakeSnapshot: ['alter', cluster],
  OfferSnapshot: ['alter', cluster],
  CascadeStatus: ['describe', cluster],
  AssignSource: ['alter', cluster],
  ConsumerGroup: ['describe', group],
  Stream: ['describe', { type: 'topic', name: '__streams.jobs.7', pattern: 'literal' }],
}

let state: MetadataState
let version: number
beforeEach(() => {
  state = new MetadataState()
  version = 0
  const partitions = [{ replicas: [1] }]
  const command = { type: 'create-topic', name: 't', topicId: 'id', config: {}, partitions } as never
  state.apply(++version, { id: 'c', command })
})

function allow(principal: string, operation: Operation, resource: ResourcePattern): void {
  const acl: Acl = { principal, host: '*', operation, permission: 'allow', resource }
  const stamp = { at: 1, broker: 1, by: '' }
  state.apply(++version, { id: `a${version}`, command: { type: 'add-acls', acls: [acl], ...stamp } })
}

/** The error of the check, or null. */
function check(name: string, fields: object, rulesVersion = 0): string | null {
  const authorizer = new Authorizer({ mode: 'required', superUsers: [], tables: () => state.security })
  try {
    checkAsked({ authorizer, state }, needsOf(name), { ...fields, asker: { ...asker, rulesVersion } } as never)
    return null
  } catch (error) {
    return TailraceError.from(error).code
  }
}

const about = (name: string): object => {
  const sample = sampleMessages[name as MessageName]
  if (name === 'ConsumerGroup') return { ...sample, group: 'g', request: { 'tailrace.groups.Describe': {} } }
  if (name === 'Stream') return { ...sample, request: { 'tailrace.streams.Head': {} } }
  return { ...sample, topic: 't', group: 1, groups: [1] }
}

test('a message names a client exactly where one can ask', () => {
  const named = Object.keys(handlers).filter((name) => 'asker' in sampleMessages[name as MessageName])
  expect(named.sort()).toEqual([...forClients].sort())
  expect(forClients.filter((name) => name !== 'MetadataCommand').sort()).toEqual(Object.keys(needed).sort())
})

describe.each(Object.entries(needed))('%s', (name, [operation, resource]) => {
  test('needs a right of the client and of each cascade broker on the way', () => {
    expect(check(name, about(name))).toBe('AUTHORIZATION_FAILED')
    allow(asker.principal, operation, resource)
    expect(check(name, about(name))).toBe('AUTHORIZATION_FAILED')
    allow(asker.via[0]!.principal, operation, resource)
    expect(check(name, about(name))).toBeNull()
  })

  test('is allowed where the other broker has asked newer rules', () => {
    expect(check(name, about(name), state.security.version)).toBe('AUTHORIZATION_FAILED')
    expect(check(name, about(name), state.security.version + 1)).toBeNull()
  })
})

test('what a broker wants of the metadata for a client needs a right, unless it is about the client’s own tokens', () => {
  const fields = (intent: object) => ({ ...sampleMessages.MetadataCommand, intent })
  for (const intent of sampleIntents) {
    expect(check('MetadataCommand', fields(intent)), Object.keys(intent)[0]!).toBe('AUTHORIZATION_FAILED')
  }
  const [token] = sampleIntents.flatMap((intent) => {
    return Object.entries(intent).filter(([name]) => name.endsWith('AddToken')) as [string, { token: object }][]
  })
  const [name, add] = token!
  const mine = { ...add.token, principal: asker.principal }
  expect(check('MetadataCommand', fields({ [name]: { ...add, token: mine } }))).toBeNull()
})

test('the description of a group that no topic is known to have is asked for again', () => {
  expect(check('GroupReport', { group: 99, tail: false })).toBe('NOT_READY')
  expect(check('GroupReport', { group: 0, tail: false })).toBe('AUTHORIZATION_FAILED')
})
