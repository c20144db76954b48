import { once } from 'node:events'
import { get } from 'node:http'
import { type ClientMessageName, clientMessages, TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { PublishOptions } from '../api/broker-api.ts'
import { CLUSTER_NAME, type Resource } from '../api/security-api.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { ManualClock } from '../platform/testing/clock.ts'
import type { AuditEvent } from '../security/audit/audit-event.ts'
import { AuditTrail } from '../security/audit/audit-trail.ts'
import { MemoryTables } from '../security/testing/memory-tables.ts'
import { describedRequests as requests } from './testing/described-requests.ts'
import { memorySecurity } from './testing/memory-security.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'
import { textOperations } from './ws/text-requests.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
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
  const isJson = type.includes('json') && text !== ''
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text }
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
    if (needs === 'own-token') {
      // Of a credential of the cluster it takes no notice.
      const shown = await ask(method, path, bearer(token), body)
      expect([id, anonymous.status, shown.status]).toEqual([id, 404, 404])
      continue
    }
    expect([id, anonymous.status, anonymous.body.code]).toEqual([id, 401, 'AUTHENTICATION_REQUIRED'])
    expect(anonymous.headers.get('www-authenticate')).toMatch(/Bearer/)
    const denied = await ask(method, path, bearer(token), body)
    if (id === 'listTopics') expect(denied.body).toEqual({ topics: [] })
    else if (id === 'listConsumerGroups') expect(denied.body).toEqual({ groups: [] })
    else if (id === 'listStreamSubscriptions') expect(denied.body).toEqual({ subscriptions: [] })
    else if (id === 'listTokens') expect(denied.body).toEqual({ tokens: [] })
    else expect([id, denied.status, denied.body.code]).toEqual([id, 403, 'AUTHORIZATION_FAILED'])
    if (needs === 'super-user') {
      tables.rule('User:svc', 'all', { type: 'cluster', name: CLUSTER_NAME })
      expect([id, (await ask(method, path, bearer(token), body)).status]).toEqual([id, 403])
      tables.forgetRules()
      continue
    }
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
    byMessage.frame('Metadata', { correlation: 1, topics: [] })
    expect(await byMessage.nextFrame()).toMatchObject({ fields: { error: { code: 'AUTHENTICATION_REQUIRED' } } })
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

  it('every frame is checked', async () => {
    const position = { kind: 'EARLIEST', value: 0 } as const
    const place = { topic: 'flights', partition: 0 }
    const denied = 'AUTHORIZATION_FAILED'
    const nobody = 'AUTHENTICATION_REQUIRED'
    const beat = { clusterId: 'c', broker: 101, reports: [] }
    /** Fields, the answer to nobody in particular, the answer to a client without a rule; null: no answer. */
    const frames: Record<ClientMessageName, readonly [fields: object, toNobody: string | null, denied: string | null]> =
      {
        Publish: [{ ...place, timeoutMs: 0 }, nobody, denied],
        PublishIf: [{ ...place, timeoutMs: 0, expectedOffset: 0, fence: -1 }, nobody, denied],
        Fetch: [{ ...place, offset: 0, maxBytes: 0, waitMs: 0 }, nobody, denied],
        FindOffset: [{ ...place, position }, nobody, denied],
        InitProducer: [{}, nobody, denied],
        Metadata: [{ topics: ['flights'] }, nobody, 'MetadataReply without a topic'],
        Brokers: [{}, nobody, 'BrokersReply '],
        ConsumerGroup: [{ group: 'billing', member: '', request: { 'tailrace.groups.Describe': {} } }, nobody, denied],
        Authenticate: [{ mechanism: 'BEARER', data: 'x' }, 'AUTHENTICATION_FAILED', 'AUTHENTICATION_FAILED'],
        CascadeBeat: [beat, nobody, denied],
        CascadeTopics: [{ from: 0 }, nobody, denied],
        CascadeSecurity: [{ from: 0 }, nobody, denied],
        Subscribe: [{ subscription: 7, topic: 'flights', position, partitions: [], credit: 1 }, nobody, denied],
        Credit: [{ subscription: 7, bytes: 1 }, null, null],
        Unsubscribe: [{ subscription: 7 }, null, null],
      }
    expect(Object.keys(frames).sort()).toEqual([...clientMessages].sort())
    const anonymous = await new Client(fixture.address).open()
    const client = await new Client(fixture.address, bearer(tables.token('User:svc'))).open()
    for (const [name, [fields, toNobody, withoutRule]] of Object.entries(frames)) {
      for (const [asking, answer] of [
        [anonymous, toNobody],
        [client, withoutRule],
      ] as const) {
        const body = name === 'Publish' || name === 'PublishIf' ? [batchOf(['x'])] : []
        asking.frame(name as 'Publish', { correlation: 1, ...fields } as never, body)
        if (answer === null) continue
        const frame = (await asking.nextFrame()) as { name: string; fields: { error?: { code: string }; topics?: [] } }
        const told =
          frame.fields.error?.code ?? `${frame.name} ${frame.fields.topics?.length === 0 ? 'without a topic' : ''}`
        expect([name, told]).toEqual([name, answer])
      }
    }
    for (const { socket } of [anonymous, client]) socket.terminate()
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
      'publish-if': [{ topic: 'flights', partition: 0, fence: 1, records: [{ value: 'x' }] }, nobody, denied],
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

test('every refusal is in the audit once, whichever part has made it', async () => {
  const entries: (AuditEvent & { times: number })[] = []
  const keep = (fields: object) => void entries.push((fields as { audit: AuditEvent & { times: number } }).audit)
  const log = { info: keep, warn: keep, error() {} }
  const audit = new AuditTrail({ brokerId: 1, clock: new ManualClock(0), log })
  await fixture.gateway.close()
  const access = { mode: 'required', tables: () => tables, clock: nodeClock, audit } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access)
  tables.rule('User:svc', 'write', flights)
  const token = bearer(tables.token('User:svc'))
  await ask('DELETE', '/topics/flights')
  await ask('GET', '/topics/flights', { authorization: 'Digest x' })
  await ask('GET', '/topics/flights', basic('', ''))
  await ask('GET', '/topics/flights', basic('alice', 'chalk'))
  await ask('DELETE', '/topics/flights', token)
  await ask('POST', '/topics/flights/records', { ...token, origin: 'https://elsewhere.example' }, { records: [] })
  await new Promise((resolve) => get(`${fixture.url}/topics`, { headers: { host: 'evil.example' } }, resolve))
  const notYours = new TailraceError('PRODUCER_NOT_YOURS')
  vi.spyOn(fixture.broker, 'publish').mockRejectedValue(notYours)
  const client = await new Client(fixture.address, token).open()
  client.frame('Publish', { correlation: 1, topic: 'flights', partition: 0, timeoutMs: 0 }, [batchOf(['x'])])
  await client.nextFrame()
  client.json({ op: 'authenticate', id: 1, token: tables.token('User:other') })
  await client.nextJson()
  client.json({ op: 'watch', id: 2, topics: 7 })
  await client.nextJson()
  client.socket.terminate()
  audit.close()
  expect(entries.map(({ principal, action, target, code, times }) => [principal, action, target, code, times])).toEqual(
    [
      ['User:ANONYMOUS', 'DELETE /topics/:topic', '', 'AUTHENTICATION_REQUIRED', 1],
      ['User:ANONYMOUS', 'GET /topics/:topic', '', 'AUTHENTICATION_FAILED', 2],
      ['', 'login', 'user "alice"', 'AUTHENTICATION_FAILED', 1],
      ['User:svc', 'delete', 'topic "flights"', 'AUTHORIZATION_FAILED', 1],
      ['User:ANONYMOUS', 'POST /topics/:topic/records', '', 'ORIGIN_REFUSED', 1],
      ['User:ANONYMOUS', 'GET /topics', '', 'HOST_REFUSED', 1],
      ['User:svc', 'Publish', '', 'PRODUCER_NOT_YOURS', 1],
      ['User:svc', 'authenticate', '', 'AUTHENTICATION_FAILED', 1],
    ],
  )
  expect(entries.every(({ outcome, host }) => outcome === 'refused' && host === '127.0.0.1')).toBe(true)
})

test('an origin that may only read does not write with any credential', async () => {
  const token = bearer(tables.token('User:svc'))
  tables.rule('User:svc', 'all', flights)
  const headers = { ...token, origin: 'https://elsewhere.example' }
  expect((await ask('POST', '/topics/flights/records', headers, { records: [] })).body.code).toBe('ORIGIN_REFUSED')
})
