import { once } from 'node:events'
import { get } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { PublishOptions } from '../api/broker-api.ts'
import { CLUSTER_NAME, type Operation, type Resource } from '../api/security-api.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { MemoryTables } from '../security/testing/memory-tables.ts'
import { memorySecurity } from './testing/memory-security.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'
import { textOperations } from './ws/text-requests.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }
const adminToken = 'the-token-of-the-administrator'

let tables: MemoryTables
let fixture: Fixture

beforeEach(async () => {
  tables = new MemoryTables()
  await tables.user('alice', 'pencil')
  const hash = nodeCrypto.hash('sha256', new TextEncoder().encode(adminToken))
  const access = { mode: 'required', tables: () => tables, clock: nodeClock, adminToken: () => hash } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access, memorySecurity(nodeClock, nodeRandom))
})
afterEach(() => fixture.gateway.close())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const typed = body === undefined ? headers : { ...headers, 'content-type': 'application/json' }
  const answer = await fetch(`${fixture.url}${path}`, { method, headers: typed, ...json })
  const text = await answer.text()
  const type = answer.headers.get('content-type') ?? ''
  return { status: answer.status, headers: answer.headers, body: type.includes('json') ? JSON.parse(text) : text }
}

const rule = {
  principal: 'User:svc',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { ...flights, pattern: 'literal' },
}
/** A request for each operation of the OpenAPI description, and the rule that it needs; null: it is open to all. */
const requests: Record<string, [path: string, needs: readonly [Operation, Resource] | null, body?: unknown]> = {
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
  listTopics: ['/topics', ['describe', flights]],
  createTopic: ['/topics', ['create', cluster], { name: 'new', partitions: 1, replicas: 1 }],
  describeTopic: ['/topics/flights', ['describe', flights]],
  alterTopic: ['/topics/flights/config', ['alter-configs', flights], { retentionMs: 1 }],
  deleteTopic: ['/topics/flights', ['delete', flights]],
  publish: ['/topics/flights/records', ['write', flights], { records: [{ value: 'x' }] }],
  read: ['/topics/flights/partitions/0/records', ['read', flights]],
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
  raiseFeatureLevel: ['/cluster/feature-level', ['alter', cluster], { level: 1 }],
  removeBroker: ['/cluster/brokers/9', ['alter', cluster]],
  audit: ['/cluster/audit', ['describe', cluster]],
  cascadeStatus: ['/cascade', ['describe', cluster]],
  assignSource: ['/cascade/brokers/9/source', ['alter', cluster], { source: 1 }],
  listUsers: ['/security/users', ['describe', cluster]],
  setPassword: ['/security/users/bob', ['alter', cluster], { password: 'pencil' }],
  deleteUser: ['/security/users/bob', ['alter', cluster]],
  listTokens: ['/security/tokens', ['describe', cluster]],
  createToken: ['/security/tokens', ['alter', cluster], { principal: 'User:svc' }],
  revokeToken: ['/security/tokens/t9', ['alter', cluster]],
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

/** Every operation with its method, from the description that the gateway gives of itself. */
async function described(): Promise<[id: string, method: string][]> {
  const { body } = await ask('GET', '/openapi.json')
  const paths = Object.values(body.paths) as Record<string, { operationId: string }>[]
  return paths.flatMap((methods) =>
    Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase()] as [string, string]),
  )
}

test('every route answers nobody without a credential, and nobody without the rule that it needs', async () => {
  const all = await described()
  expect(all.map(([id]) => id).sort()).toEqual(Object.keys(requests).sort())
  const token = tables.token('User:svc')
  for (const [id, method] of all) {
    const [path, needs, body] = requests[id]!
    const anonymous = await ask(method, path, {}, body)
    if (needs === null) {
      expect([id, anonymous.status]).toEqual([id, id === 'stream' ? 426 : 200])
      continue
    }
    expect([id, anonymous.status, anonymous.body.code]).toEqual([id, 401, 'AUTHENTICATION_REQUIRED'])
    expect(anonymous.headers.get('www-authenticate')).toMatch(/Bearer/)
    const denied = await ask(method, path, bearer(token), body)
    if (id === 'listTopics') expect(denied.body).toEqual({ topics: [] })
    else if (id === 'listTokens') expect(denied.body).toEqual({ tokens: [] })
    else expect([id, denied.status, denied.body.code]).toEqual([id, 403, 'AUTHORIZATION_FAILED'])
    tables.rule('User:svc', ...needs)
    const allowed = await ask(method, path, bearer(token), body)
    expect([id, [401, 403].includes(allowed.status)], JSON.stringify(allowed.body)).toEqual([id, false])
    tables.forgetRules()
    if (id === 'deleteTopic') await fixture.broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
  }
}, 30_000)

test('a script of a page is not told of Basic, for which its browser would open a dialog', async () => {
  // Not by fetch, which sets a mode itself.
  const challengeTo = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const asked = get(`${fixture.url}/topics/flights`, { headers }, (answer) => {
        answer.resume()
        resolve(answer.headers['www-authenticate'])
      })
      asked.on('error', reject)
    })
  expect(await challengeTo({})).toMatch(/Basic.*Bearer/)
  expect(await challengeTo({ 'sec-fetch-mode': 'navigate' })).toMatch(/Basic.*Bearer/)
  for (const wrong of [{}, bearer('wrong')])
    expect(await challengeTo({ 'sec-fetch-mode': 'cors', ...wrong })).toBe('Bearer realm="tailrace"')
})

describe('each kind of credential', () => {
  const expired = () => bearer(tables.token('User:alice', { expiresAt: Date.now() - 1 }))
  const revoked = () => {
    const token = tables.token('User:alice')
    tables.tokens.clear()
    return bearer(token)
  }
  it.each<[string, number, () => Record<string, string>]>([
    ['none', 401, () => ({})],
    ['right password', 200, () => basic('alice', 'pencil')],
    ['wrong password', 401, () => basic('alice', 'chalk')],
    ['unknown user', 401, () => basic('bob', 'pencil')],
    ['right token', 200, () => bearer(tables.token('User:alice'))],
    ['wrong token', 401, () => bearer(`${tables.token('User:alice')}x`)],
    ['expired token', 401, expired],
    ['revoked token', 401, revoked],
    [
      'token of another scope',
      403,
      () => bearer(tables.token('User:alice', { scope: { operations: [], resources: [] } })),
    ],
    ['admin token', 200, () => bearer(adminToken)],
    ['wrong admin token', 401, () => bearer(`${adminToken}x`)],
    ['another scheme', 401, () => ({ authorization: 'Digest x' })],
    ['no scheme', 401, () => ({ authorization: 'x' })],
    ['Basic without a colon', 401, () => ({ authorization: 'Basic eA==' })],
  ])('%s: %i', async (_name, status, headers) => {
    tables.rule('User:alice', 'read', flights)
    expect((await ask('GET', '/topics/flights', headers())).status).toBe(status)
  })
})

describe('over WebSocket', () => {
  const metadata = { correlation: 1, topics: ['flights'] }
  const denied = async (client: Client) => {
    client.frame('Metadata', metadata)
    const { fields } = await client.nextFrame()
    return (fields as { denied?: string[] }).denied
  }

  it('a header, a subprotocol and a message carry a token', async () => {
    tables.rule('User:svc', 'read', flights)
    const token = tables.token('User:svc')
    const byHeader = await new Client(fixture.address, bearer(token)).open()
    expect(await denied(byHeader)).toEqual([])
    for (const protocols of [['tailrace', `tailrace.bearer.${token}`], [`tailrace.bearer.${token}`]]) {
      const socket = new WebSocket(`ws://${fixture.address}/stream`, protocols)
      await once(socket, 'open')
      expect(socket.protocol).toBe(protocols[0])
      socket.send(JSON.stringify({ op: 'subscribe', id: 1, topic: 'flights' }))
      const [message] = await once(socket, 'message')
      expect(JSON.parse(String(message))).toMatchObject({ op: 'subscribed', id: 1 })
      socket.terminate()
    }
    const byMessage = await new Client(fixture.address).open()
    expect(await denied(byMessage)).toEqual(['flights'])
    byMessage.frame('Authenticate', { correlation: 2, mechanism: 'BEARER', data: token })
    expect(await byMessage.nextFrame()).toMatchObject({ fields: { done: true, principal: 'User:svc', expiresAt: -1 } })
    expect(await denied(byMessage)).toEqual([])
    for (const client of [byHeader, byMessage]) client.socket.terminate()
  })

  it('a wrong token refuses the upgrade', async () => {
    const socket = new WebSocket(`ws://${fixture.address}/stream`, ['tailrace.bearer.tr_t1_wrongwrongwrongwrong'])
    const [error] = await once(socket, 'error')
    expect(error.message).toMatch(/401/)
  })

  it('JSON clients show a token, or a user and a password', async () => {
    tables.rule('User:alice', 'read', flights)
    const client = await new Client(fixture.address).open()
    client.json({ op: 'subscribe', id: 1, topic: 'flights' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', code: 'AUTHENTICATION_REQUIRED' })
    for (const wrong of [{ user: 'alice', password: 'x' }, { token: 'tr_t0_x' }]) {
      client.json({ op: 'authenticate', id: 2, ...wrong })
      expect(await client.nextJson()).toMatchObject({ op: 'error', id: 2, code: 'AUTHENTICATION_FAILED' })
    }
    client.json({ op: 'authenticate', id: 3, user: 'alice' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 3, code: 'INVALID_REQUEST' })
    client.json({ op: 'authenticate', id: 4, user: 'alice', password: 'pencil' })
    expect(await client.nextJson()).toEqual({ op: 'authenticated', id: 4, principal: 'User:alice', expiresAt: null })
    client.json({ op: 'subscribe', id: 5, topic: 'flights', from: 'earliest' })
    client.json({ op: 'publish', id: 6, topic: 'flights', records: [{ value: 'x' }] })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 6, code: 'AUTHORIZATION_FAILED' })
    client.socket.terminate()
  })

  it('a client publishes for itself alone, whatever its frames say; so do those that use JSON', async () => {
    tables.rule('User:svc', 'write', flights)
    const publish = vi.spyOn(fixture.broker, 'publish')
    const initProducer = vi.spyOn(fixture.broker, 'initProducer')
    const token = tables.token('User:svc')
    const client = await new Client(fixture.address, bearer(token)).open()
    const asker = { principal: 'User:alice', groups: ['Group:admins'], host: '10.0.0.1', kind: 'scram', via: [] }
    client.frame('Publish', { correlation: 1, topic: 'flights', partition: 0, timeoutMs: 1000, asker }, [
      batchOf(['x']),
    ])
    client.frame('InitProducer', { correlation: 2 })
    for (const name of ['PublishReply', 'InitProducerReply']) expect(await client.nextFrame()).toMatchObject({ name })
    await ask('POST', '/topics/flights/records', bearer(token), { records: [{ value: 'y' }] })
    const options = publish.mock.calls.map(([, , , given]) => given)
    expect(options).toMatchObject(Array(2).fill({ asker: { principal: 'User:svc', groups: [], kind: 'token' } }))
    // JSON is published under ids of the broker, which no client can use.
    expect(options.map((given) => (given as PublishOptions).byBroker)).toEqual([undefined, true])
    expect(initProducer.mock.calls).toMatchObject([[{ principal: 'User:svc' }], [null]])
    client.socket.terminate()
  })

  it('every message is checked', async () => {
    const client = await new Client(fixture.address, bearer(tables.token('User:svc'))).open()
    const position = { kind: 'EARLIEST', value: 0 } as const
    const place = { topic: 'flights', partition: 0 }
    client.frame('Publish', { correlation: 1, ...place, timeoutMs: 0 }, [batchOf(['x'])])
    client.frame('Fetch', { correlation: 2, ...place, offset: 0, maxBytes: 0, waitMs: 0 })
    client.frame('FindOffset', { correlation: 3, ...place, position })
    client.frame('InitProducer', { correlation: 4 })
    client.frame('CascadeTopics', { correlation: 6, from: 0 })
    client.frame('Subscribe', { subscription: 7, topic: 'flights', position, partitions: [], credit: 1 })
    const answers: Record<number, string> = {}
    for (let n = 0; n < 6; n++) {
      const { fields } = (await client.nextFrame()) as never as {
        fields: { correlation?: number; subscription?: number; error: { code: string } }
      }
      answers[fields.correlation ?? fields.subscription!] = fields.error.code
    }
    const failed = 'AUTHORIZATION_FAILED'
    expect(answers).toEqual({ 1: failed, 2: failed, 3: failed, 4: failed, 6: failed, 7: failed })
    client.socket.terminate()
  })

  it('every operation in JSON is checked', async () => {
    const unknown = { op: 'error', code: 'UNKNOWN_SUBSCRIPTION' }
    const nobody = { op: 'error', code: 'AUTHENTICATION_REQUIRED' }
    const denied = { op: 'error', code: 'AUTHORIZATION_FAILED' }
    const empty = { op: 'state', cluster: null, topics: [], described: [] }
    const failed = { op: 'error', code: 'AUTHENTICATION_FAILED' }
    /** Fields, the answer to nobody in particular, the answer to a client without a rule. */
    const operations: Record<string, readonly [fields: object, anonymous: object, withoutRule: object]> = {
      subscribe: [{ topic: 'flights' }, nobody, denied],
      publish: [{ topic: 'flights', records: [{ value: 'x' }] }, nobody, denied],
      credit: [{ bytes: 1 }, unknown, unknown],
      unsubscribe: [{}, unknown, unknown],
      authenticate: [{ token: 'tr_t0_wrong' }, failed, failed],
      watch: [{ topics: ['flights'] }, nobody, empty],
      unwatch: [{}, unknown, { op: 'unwatched' }],
    }
    expect(Object.keys(operations).sort()).toEqual([...textOperations].sort())
    const anonymous = await new Client(fixture.address).open()
    const client = await new Client(fixture.address, bearer(tables.token('User:svc'))).open()
    for (const [op, [fields, toNobody, withoutRule]] of Object.entries(operations)) {
      for (const [asking, answer] of [
        [anonymous, toNobody],
        [client, withoutRule],
      ] as const) {
        asking.json({ op, id: 1, ...fields })
        expect([op, await asking.nextJson()]).toEqual([op, expect.objectContaining({ id: 1, ...answer })])
      }
    }
    for (const { socket } of [anonymous, client]) socket.terminate()
  })

  it('a rule that goes ends a subscription, a token that goes ends the connection', async () => {
    tables.rule('User:svc', 'read', flights)
    const client = await new Client(fixture.address, bearer(tables.token('User:svc'))).open()
    client.json({ op: 'subscribe', id: 1, topic: 'flights', from: 'earliest' })
    await fixture.broker.publish('flights', 0, batchOf(['first']))
    expect(await client.nextJson()).toMatchObject({ op: 'records' })
    tables.forgetRules()
    await fixture.broker.publish('flights', 0, batchOf(['second']))
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'AUTHORIZATION_FAILED' })
    tables.tokens.clear()
    tables.version++
    expect((await client.closed).code).toBe(1008)
  })

  it('another credential of the same principal goes on, one of another principal does not', async () => {
    tables.rule('User:svc', 'read', flights)
    const until = Date.now() + 1_500
    const client = await new Client(fixture.address, bearer(tables.token('User:svc', { expiresAt: until }))).open()
    client.frame('Authenticate', { correlation: 1, mechanism: 'BEARER', data: tables.token('User:other') })
    expect(await client.nextFrame()).toMatchObject({ fields: { error: { code: 'AUTHENTICATION_FAILED' } } })
    const later = Date.now() + 60_000
    client.frame('Authenticate', {
      correlation: 2,
      mechanism: 'BEARER',
      data: tables.token('User:svc', { expiresAt: later }),
    })
    expect(await client.nextFrame()).toMatchObject({ fields: { done: true, expiresAt: later } })
    await new Promise((resolve) => setTimeout(resolve, until - Date.now() + 1_200))
    expect(await denied(client)).toEqual([])
    client.socket.terminate()
  }, 10_000)
})

test('an origin that may only read does not write with any credential', async () => {
  const token = bearer(tables.token('User:svc'))
  tables.rule('User:svc', 'all', flights)
  const headers = { ...token, origin: 'https://elsewhere.example' }
  expect((await ask('POST', '/topics/flights/records', headers, { records: [] })).body.code).toBe('ORIGIN_REFUSED')
})
