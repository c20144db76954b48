import { describe, expect, it, test } from 'vitest'
import type { AdminApi } from '../../api/admin-api.ts'
import type { BrokerApi } from '../../api/broker-api.ts'
import { CLUSTER_NAME, type Operation, type Resource, type SecurityApi } from '../../api/security-api.ts'
import { AuthorizedCascade } from '../../cascade/wire/authorized-cascade.ts'
import type { CascadeApi } from '../../cascade/wire/cascade-messages.ts'
import { allowedBy } from '../acl/acl.ts'
import type { Session } from '../identity/session.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { AuthorizedAdmin } from './authorized-admin.ts'
import { AuthorizedBroker } from './authorized-broker.ts'
import { AuthorizedSecurity } from './authorized-security.ts'
import { Authorizer } from './authorizer.ts'
import { Guard } from './guard.ts'

const topic: Resource = { type: 'topic', name: 't' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }
const target = { kind: 'partition', topic: 't', partition: 0 } as const
const metadata = { kind: 'metadata' } as const

/** A call, and the rule that it needs; null: it is open, or shows what the session may see. */
type Row<Api> = readonly [call: (api: Api) => unknown, operation: Operation | null, on?: Resource]
type Rows<Api> = { readonly [Method in keyof Api]: readonly Row<Api>[] }

const broker: Rows<BrokerApi> = {
  brokerId: [[(api) => api.brokerId, null]],
  publish: [[(api) => api.publish('t', 0, new Uint8Array(), { timeoutMs: 1, wait: false }), 'write', topic]],
  fetch: [[(api) => api.fetch('t', 0, {} as never), 'read', topic]],
  findOffset: [[(api) => api.findOffset('t', 0, { kind: 'LATEST', value: 0 }), 'describe', topic]],
  initProducer: [
    [(api) => api.initProducer(), 'idempotent-write', cluster],
    [(api) => api.initProducer(), 'write', topic],
  ],
  createTopic: [
    [(api) => api.createTopic({ name: 't', partitions: 1, replicas: 1 }), 'create', topic],
    [(api) => api.createTopic({ name: 't', partitions: 1, replicas: 1 }), 'create', cluster],
  ],
  deleteTopic: [[(api) => api.deleteTopic('t'), 'delete', topic]],
  listTopics: [[(api) => api.listTopics(), null]],
  topicsVersion: [[(api) => api.topicsVersion(), null]],
  topicIdOf: [[(api) => api.topicIdOf('t'), null]],
  describeTopic: [[(api) => api.describeTopic('t'), 'describe', topic]],
  routing: [[(api) => api.routing(['t']), null]],
  describeCluster: [[(api) => api.describeCluster(), 'describe', cluster]],
  readiness: [[(api) => api.readiness(), null]],
  onLeadership: [[(api) => api.onLeadership(() => {}), null]],
}
const admin: Rows<AdminApi> = {
  members: [
    [(api) => api.members(target), 'describe', topic],
    [(api) => api.members(metadata), 'describe', cluster],
  ],
  changeMembers: [[(api) => api.changeMembers(target, [1]), 'alter', cluster]],
  cancelChange: [[(api) => api.cancelChange(target), 'alter', cluster]],
  transferLeadership: [[(api) => api.transferLeadership(target, 1), 'alter', cluster]],
  forceMembers: [
    [(api) => api.forceMembers(target, { members: [1], acceptDataLoss: true, by: 'me' }), 'alter', cluster],
  ],
  snapshot: [[(api) => api.snapshot(target, { broker: 1, thenFetch: false }), 'alter', cluster]],
  setPriority: [[(api) => api.setPriority(target, { broker: 1, factor: 2 }), 'alter', cluster]],
  describeGroup: [
    [(api) => api.describeGroup(target), 'describe', topic],
    [(api) => api.describeGroup(metadata), 'describe', cluster],
  ],
  alterTopic: [[(api) => api.alterTopic('t', {}), 'alter-configs', topic]],
  addPartitions: [[(api) => api.addPartitions('t', 2), 'alter', topic]],
  deleteRecords: [[(api) => api.deleteRecords(target, 5), 'delete', topic]],
  removeBroker: [[(api) => api.removeBroker(1), 'alter', cluster]],
  raiseFeatureLevel: [[(api) => api.raiseFeatureLevel({ level: 1, by: 'me', cascades: [] }), 'alter', cluster]],
  balance: [[(api) => api.balance(), 'describe', cluster]],
  setBalancing: [[(api) => api.setBalancing(true), 'alter', cluster]],
  setDraining: [[(api) => api.setDraining(1, true), 'alter', cluster]],
  moves: [[(api) => api.moves(), 'describe', cluster]],
  audit: [[(api) => api.audit(), 'describe', cluster]],
}
const foreignToken = { principal: 'User:other', scope: null, lifetimeMs: null }
const quotaEntity = { principal: '*', clientId: null, address: null }
const security: Rows<SecurityApi> = {
  listUsers: [[(api) => api.listUsers(), 'describe', cluster]],
  setPassword: [[(api) => api.setPassword('a', 'b'), 'alter', cluster]],
  deleteUser: [[(api) => api.deleteUser('a'), 'alter', cluster]],
  createToken: [[(api) => api.createToken(foreignToken), 'alter', cluster]],
  listTokens: [[(api) => api.listTokens(), null]],
  revokeToken: [[(api) => api.revokeToken('t1'), 'alter', cluster]],
  addAcls: [[(api) => api.addAcls([]), 'alter', cluster]],
  removeAcls: [[(api) => api.removeAcls({}), 'alter', cluster]],
  listAcls: [[(api) => api.listAcls({}), 'describe', cluster]],
  test: [[(api) => api.test({} as never), 'describe', cluster]],
  setQuota: [[(api) => api.setQuota({ entity: quotaEntity, limits: { connections: 1 } }), 'alter-configs', cluster]],
  removeQuota: [[(api) => api.removeQuota(quotaEntity), 'alter-configs', cluster]],
  listQuotas: [[(api) => api.listQuotas(), 'describe-configs', cluster]],
  // A test of its own: a rule does not do.
  exportCredentials: [[(api) => api.exportCredentials(null), null]],
  importCredentials: [[(api) => api.importCredentials({ users: [], tokens: [] }), 'alter', cluster]],
}
const cascade: Rows<CascadeApi> = {
  beat: [[(api) => api.beat({} as never), 'cluster-action', cluster]],
  topicPage: [[(api) => api.topicPage(0), 'cluster-action', cluster]],
  // A test of its own: a rule alone does not do.
  securityPage: [[(api) => api.securityPage(0), null]],
  status: [[(api) => api.status(), 'describe', cluster]],
  assign: [[(api) => api.assign(1, 2), 'alter', cluster]],
}

/** Does what it is asked, and notes it. */
function recorder(): { readonly api: never; readonly calls: unknown[][] } {
  const calls: unknown[][] = []
  const answers: Record<string, unknown> = {
    listTopics: [{ name: 't' }, { name: 'hidden' }],
    routing: { clusterId: 'c', brokers: [], topics: [] },
    listTokens: [
      { id: 't1', principal: 'User:other' },
      { id: 't2', principal: 'User:alice' },
    ],
  }
  const api: object = new Proxy(
    {},
    {
      get: (_, method: string) =>
        method === 'brokerId'
          ? 1
          : method === 'for'
            ? () => api
            : (...args: unknown[]) => {
                calls.push([method, ...args])
                return answers[method] ?? Promise.resolve({})
              },
    },
  )
  return { api: api as never, calls }
}

const alice: Session = {
  principal: 'User:alice',
  groups: [],
  host: '10.0.0.1',
  kind: 'token',
  credential: '',
  expiresAt: null,
  scope: null,
  via: [],
}
const nobody: Session = { ...alice, principal: 'User:ANONYMOUS', kind: 'none' }

function world(session: Session) {
  const tables = new MemoryTables()
  const authorizer = new Authorizer({ mode: 'required', superUsers: [], tables: () => tables })
  const state = { problem: null as Error | null }
  const guard = new Guard(authorizer, session, () => state.problem as never)
  return { tables, guard, state, ...recorder() }
}
const outcome = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'done'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a batch and a producer id are for the principal of the session, whatever the caller says', async () => {
  const { tables, guard, api, calls } = world(alice)
  tables.rule('User:alice', 'write', topic)
  const authorized = new AuthorizedBroker(api, guard)
  const lie = { ...alice, principal: 'User:eve' }
  const batch = new Uint8Array()
  await authorized.publish('t', 0, batch, { timeoutMs: 1, wait: true, topicId: 'i', asker: lie, byBroker: true })
  await authorized.initProducer()
  expect(calls).toEqual([
    ['publish', 't', 0, batch, { timeoutMs: 1, wait: true, topicId: 'i', asker: alice }],
    ['initProducer', alice],
  ])
})

test('what an operator does is done in the name of the session', async () => {
  const { tables, guard, api } = world(alice)
  tables.rule('User:alice', 'alter', cluster)
  const named: Session[] = []
  const service = {
    for(asker: Session) {
      named.push(asker)
      return api
    },
  } as never
  await new AuthorizedSecurity(service, guard).setPassword('bob', 'pencil')
  await new AuthorizedAdmin(service, guard).removeBroker(7)
  const renewed = { ...alice, credential: 'next' }
  guard.renew(renewed)
  await new AuthorizedAdmin(service, guard).removeBroker(7)
  expect(named).toEqual([alice, alice, renewed])
})

const apis = {
  BrokerApi: [AuthorizedBroker, broker],
  AdminApi: [AuthorizedAdmin, admin],
  SecurityApi: [AuthorizedSecurity, security],
  CascadeApi: [AuthorizedCascade, cascade],
} as unknown as Record<string, [new (api: never, guard: Guard) => object, Record<string, readonly Row<object>[]>]>

describe.each(Object.entries(apis))('%s', (_name, [Authorized, rows]) => {
  it('has a row for each of its methods', () => {
    const methods = Object.getOwnPropertyNames(Authorized.prototype).filter((name) => name !== 'constructor')
    expect(methods.sort()).toEqual(Object.keys(rows).sort())
  })

  const checked = Object.entries(rows).flatMap(([method, list]) =>
    list.filter(([, operation]) => operation !== null).map((row) => [method, row[1]!, row] as const),
  )
  it.each(checked)('%s needs %s, and nothing is asked for without', async (_method, operation, [call, , on]) => {
    for (const [session, code] of [
      [alice, 'AUTHORIZATION_FAILED'],
      [nobody, 'AUTHENTICATION_REQUIRED'],
    ] as const) {
      const { tables, guard, api, calls } = world(session)
      const authorized = new Authorized(api, guard)
      expect(await outcome(() => call(authorized))).toBe(code)
      // Every other rule does not help.
      for (const other of ['read', 'write', 'create', 'delete', 'alter', 'alter-configs', 'cluster-action'] as const) {
        const implied = other !== operation && allowedBy(operation).includes(other)
        const alternative = ['initProducer', 'createTopic'].includes(_method)
        if (other === operation || implied || alternative) continue
        for (const resource of [topic, cluster]) tables.rule('User:*', other, resource)
      }
      expect(await outcome(() => call(authorized))).toBe(code)
      expect(calls.filter(([method]) => method === _method)).toEqual([])
      tables.rule(session.principal, operation, on!)
      expect(await outcome(() => call(authorized))).toBe('done')
      tables.rule(session.principal, 'all', on!, 'deny')
      if (!['createTopic', 'initProducer'].includes(_method)) expect(await outcome(() => call(authorized))).toBe(code)
    }
  })
})

test('lists show what the session may see', () => {
  const { tables, guard, api } = world(alice)
  const shown = new AuthorizedBroker(api, guard)
  expect(shown.listTopics()).toEqual([])
  expect(shown.routing(['t', 'x', 't', 'x']).denied).toEqual(['t', 'x'])
  tables.rule('User:alice', 'read', topic)
  expect(shown.listTopics().map(({ name }) => name)).toEqual(['t'])
  expect(shown.routing(['t', 'x']).denied).toEqual(['x'])
  const tokens = new AuthorizedSecurity(api, guard)
  expect(tokens.listTokens().map(({ id }) => id)).toEqual(['t2'])
  tables.rule('User:alice', 'describe', cluster)
  expect(tokens.listTokens().map(({ id }) => id)).toEqual(['t1', 't2'])
})

test('a principal makes and revokes its own tokens, but makes none by means of a token', async () => {
  const own = { ...foreignToken, principal: 'User:alice' }
  const byPassword = world({ ...alice, kind: 'scram' })
  expect(await outcome(() => new AuthorizedSecurity(byPassword.api, byPassword.guard).createToken(own))).toBe('done')
  const byToken = world(alice)
  const tokens = new AuthorizedSecurity(byToken.api, byToken.guard)
  expect(await outcome(() => tokens.createToken(own))).toBe('AUTHORIZATION_FAILED')
  expect(await outcome(() => tokens.revokeToken('t2'))).toBe('done')
  expect(await outcome(() => tokens.revokeToken('t1'))).toBe('AUTHORIZATION_FAILED')
})

test('a reader that waits gets nothing that has been forbidden meanwhile', async () => {
  const { tables, guard } = world(alice)
  tables.rule('User:alice', 'read', topic)
  const { promise, resolve } = Promise.withResolvers<object>()
  const waiting = outcome(() =>
    new AuthorizedBroker({ fetch: () => promise } as never, guard).fetch('t', 0, {} as never),
  )
  tables.forgetRules()
  resolve({})
  expect(await waiting).toBe('AUTHORIZATION_FAILED')
})

test('nothing is allowed behind the end of a session', async () => {
  const { tables, guard, api, state } = world(alice)
  tables.rule('User:alice', 'all', topic)
  tables.rule('User:alice', 'all', cluster)
  state.problem = Object.assign(new Error(), { code: 'AUTHENTICATION_REQUIRED' })
  expect(await outcome(() => new AuthorizedBroker(api, guard).describeTopic('t'))).toBe('AUTHENTICATION_REQUIRED')
  expect(await outcome(() => new AuthorizedAdmin(api, guard).removeBroker(1))).toBe('AUTHENTICATION_REQUIRED')
})

test('the audit names the session, and what the caller says only where nobody has been asked', async () => {
  const { tables, guard, api, calls } = world(alice)
  tables.rule('User:*', 'alter', cluster)
  await new AuthorizedAdmin(api, guard).removeBroker(7, 'the boss')
  guard.renew(nobody)
  await new AuthorizedAdmin(api, guard).removeBroker(7, 'the boss')
  expect(calls).toEqual([
    ['removeBroker', 7, 'User:alice from 10.0.0.1'],
    ['removeBroker', 7, 'the boss'],
  ])
})

test('a leadership is told only of topics that the session may describe', () => {
  const { tables, guard } = world(alice)
  let tell = (_topic: string, _partition: number) => {}
  const api = {
    onLeadership(listener: typeof tell) {
      tell = listener
      return () => {}
    },
  }
  const told: string[] = []
  new AuthorizedBroker(api as never, guard).onLeadership((name) => void told.push(name))
  tell('t', 0)
  tables.rule('User:alice', 'describe', topic)
  tell('t', 0)
  expect(told).toEqual(['t'])
})

test('a cascade broker with a credential of its own sends no beat of another', async () => {
  const { tables, guard, api, calls } = world({ ...alice, principal: 'Cascade:101' })
  tables.rule('Cascade:101', 'cluster-action', cluster)
  const cascade = new AuthorizedCascade(api, guard)
  expect(await outcome(() => cascade.beat({ broker: 201 } as never))).toBe('AUTHORIZATION_FAILED')
  expect(calls).toEqual([])
  expect(await outcome(() => cascade.beat({ broker: 101 } as never))).toBe('done')
})

test.each([
  ['a cascade broker', 'Cascade:101', 'token', 'done'],
  ['a cascade broker that is known by its certificate', 'Cascade:101', 'certificate', 'done'],
  ['any other client that may do all', 'User:alice', 'token', 'AUTHORIZATION_FAILED'],
  ['a client without a credential', 'User:ANONYMOUS', 'none', 'AUTHENTICATION_REQUIRED'],
] as const)(
  'users, tokens, rules and quotas are for cascade brokers, where nobody is asked too: %s',
  async (_, principal, kind, expected) => {
    const { guard, tables, api } = world({ ...alice, principal, kind })
    tables.rule('User:*', 'all', cluster)
    expect(await outcome(() => new AuthorizedCascade(api, guard).securityPage(0))).toBe(expected)
    const off = new Authorizer({ mode: 'off', superUsers: [], tables: () => tables })
    const open = new Guard(off, { ...alice, principal, kind }, () => null)
    expect(await outcome(() => new AuthorizedCascade(api, open).securityPage(0))).toBe(expected)
  },
)

describe('stored credentials are exported', () => {
  const scope = { operations: ['all'], resources: [{ ...cluster, pattern: 'literal' }] } as const
  const vouched = [{ principal: 'Cascade:101', host: '10.0.0.9' }]
  it.each<[string, Partial<Session>, 'off' | 'optional' | 'required', string]>([
    ['to a super user', { principal: 'User:root' }, 'required', 'done'],
    ['to the holder of the admin token', { kind: 'admin-token' }, 'required', 'done'],
    ['to a super user, where credentials are optional', { principal: 'User:root' }, 'optional', 'done'],
    ['to nobody whom rules alone allow everything', {}, 'required', 'AUTHORIZATION_FAILED'],
    ['by no token of a narrower scope', { principal: 'User:root', scope }, 'required', 'AUTHORIZATION_FAILED'],
    ['by way of no cascade broker', { principal: 'User:root', via: vouched }, 'required', 'AUTHORIZATION_FAILED'],
    ['to nobody without a credential', { kind: 'none' }, 'optional', 'AUTHENTICATION_REQUIRED'],
    ['to nobody where all may do everything', { kind: 'none' }, 'off', 'AUTHENTICATION_REQUIRED'],
  ])('%s', async (_, session, mode, expected) => {
    const tables = new MemoryTables()
    for (const principal of ['User:*', 'Cascade:101']) tables.rule(principal, 'all', cluster)
    const authorizer = new Authorizer({ mode, superUsers: ['User:root'], tables: () => tables })
    const events: object[] = []
    const audit = { note: (event: object) => void events.push(event) }
    const guard = new Guard(authorizer, { ...alice, ...session } as Session, () => null, audit)
    const { api, calls } = recorder()
    expect(await outcome(() => new AuthorizedSecurity(api, guard).exportCredentials(null))).toBe(expected)
    expect(calls).toEqual(expected === 'done' ? [['exportCredentials', null]] : [])
    const entry = expected === 'done' ? { outcome: 'done', code: '' } : { outcome: 'refused', code: expected }
    expect(events).toMatchObject([{ action: 'export-credentials', ...entry }])
  })
})

describe('the audit', () => {
  const audited = (session: Session) => {
    const tables = new MemoryTables()
    const authorizer = new Authorizer({ mode: 'required', superUsers: [], tables: () => tables })
    const events: object[] = []
    const guard = new Guard(authorizer, session, () => null, { note: (event) => void events.push(event) })
    return { tables, guard, events, ...recorder() }
  }

  it('has each act that changes something with its outcome, and each refusal', async () => {
    const { tables, guard, events, api } = audited(alice)
    const operator = new AuthorizedAdmin(api, guard)
    expect(await outcome(() => operator.removeBroker(7))).toBe('AUTHORIZATION_FAILED')
    tables.rule('User:alice', 'alter', cluster)
    await operator.removeBroker(7)
    const failing = { changeMembers: () => Promise.reject(Object.assign(new Error(), { code: 'X' })) }
    await outcome(() => new AuthorizedAdmin(failing as never, guard).changeMembers(target, [1]))
    const who = { principal: 'User:alice', host: '10.0.0.1' }
    expect(events).toEqual([
      { ...who, action: 'alter', target: 'cluster', outcome: 'refused', code: 'AUTHORIZATION_FAILED' },
      { ...who, action: 'remove-broker', target: 'broker 7', outcome: 'done', code: '' },
      { ...who, action: 'change-members', target: 'topic "t" partition 0', outcome: 'failed', code: 'INTERNAL' },
    ])
  })

  it.each([
    ['Cascade:7', ['done', 'done', 'done']],
    ['User:alice', ['AUTHORIZATION_FAILED', 'AUTHORIZATION_FAILED', 'AUTHORIZATION_FAILED']],
  ])('%s with the right to copy is shown the cluster: %o', async (principal, expected) => {
    const { tables, guard, api } = audited({ ...alice, principal, kind: 'token' })
    tables.rule(principal, 'cluster-action', cluster)
    const admin = new AuthorizedAdmin(api as never, guard)
    const cascade = new AuthorizedCascade(api as never, guard)
    const shown = [() => admin.moves(), () => admin.audit(), () => cascade.status()]
    expect(await Promise.all(shown.map((ask) => outcome(ask)))).toEqual(expected)
    // No right to anything else of the cluster.
    expect(await outcome(() => admin.members({ kind: 'metadata' }))).toBe('AUTHORIZATION_FAILED')
  })

  const changing = {
    BrokerApi: ['createTopic', 'deleteTopic'],
    AdminApi: Object.keys(admin).filter(
      (name) => !['members', 'describeGroup', 'balance', 'moves', 'audit'].includes(name),
    ),
    SecurityApi: Object.keys(security).filter(
      (name) => !name.startsWith('list') && !['test', 'exportCredentials'].includes(name),
    ),
    CascadeApi: ['assign'],
  }
  const rows = Object.entries(changing).flatMap(([name, methods]) => methods.map((method) => [name, method] as const))
  it.each(rows)('%s.%s leaves an entry', async (name, method) => {
    const { tables, guard, events, api } = audited({ ...alice, kind: 'scram' })
    for (const resource of [cluster, topic]) tables.rule('User:alice', 'all', resource)
    const [Authorized, table] = apis[name]!
    await table[method]![0]![0](new Authorized(api, guard))
    expect(events).toMatchObject([{ outcome: 'done', principal: 'User:alice' }])
    expect(JSON.stringify(events)).not.toMatch(/"b"/)
  })

  it('is written by brokers alone, whatever the rules say', async () => {
    const { tables, guard, api } = audited(alice)
    tables.rule('User:alice', 'all', { type: 'topic', name: '__audit' })
    tables.rule('User:alice', 'all', cluster)
    const mine = new AuthorizedBroker(api, guard)
    const batch = { timeoutMs: 1, wait: false }
    expect(await outcome(() => mine.publish('__audit', 0, new Uint8Array(), batch))).toBe('AUTHORIZATION_FAILED')
    expect(await outcome(() => mine.createTopic({ name: '__audit', partitions: 1, replicas: 1 }))).toBe(
      'AUTHORIZATION_FAILED',
    )
    expect(await outcome(() => mine.deleteTopic('__audit'))).toBe('AUTHORIZATION_FAILED')
    expect(await outcome(() => mine.fetch('__audit', 0, {} as never))).toBe('done')
  })
})
