import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetadataState } from '../../cluster/metadata/metadata-state.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { storedScram, storedToken, storedUser } from '../../security/testing/stored-credentials.ts'
import { memorySecurity } from '../testing/memory-security.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
let state: MetadataState
beforeEach(async () => {
  const kept = memorySecurity(nodeClock, nodeRandom)
  state = kept.state
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, {}, { security: kept.security })
})
afterEach(() => fixture.gateway.close())

async function call(method: string, path: string, body?: unknown) {
  const typed: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(fixture.url + path, { method, headers: typed, ...json })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
}
const acl = (name: string, permission = 'allow') => ({
  principal: 'User:ann',
  host: '*',
  operation: 'read',
  permission,
  resource: { type: 'topic', name, pattern: 'literal' },
})

describe('users', () => {
  it('are set, listed without a trace of their password, and deleted, whatever their names', async () => {
    for (const name of ['ann', 'Zoë Ü/@example.org', 'x'.repeat(255), '漢'.repeat(255)]) {
      const path = `/security/users/${encodeURIComponent(name)}`
      expect((await call('PUT', path, { password: 'a-planted-password' })).status).toBe(204)
      const listed = await call('GET', '/security/users')
      expect(listed.body).toEqual({ users: [{ name, mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] }] })
      expect((await call('DELETE', path)).status).toBe(204)
    }
    expect(JSON.stringify(state.audit)).not.toContain('a-planted-password')
    expect(fixture.logged).toEqual([])
  })

  it.each([
    ['PUT', '/security/users/%2A', { password: 'x' }, 400, 'INVALID_REQUEST'],
    ['PUT', '/security/users/ann', { password: '' }, 400, 'INVALID_REQUEST'],
    ['PUT', '/security/users/ann', { password: 7 }, 400, 'INVALID_REQUEST'],
    ['PUT', '/security/users/ann', { password: 'x', iterations: 1 }, 400, 'INVALID_REQUEST'],
    ['PUT', '/security/users/ann', {}, 400, 'INVALID_REQUEST'],
    ['DELETE', '/security/users/ann', undefined, 404, 'UNKNOWN_USER'],
  ])('%s %s %j is %i %s', async (method, path, body, status, code) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(state.security.users.size).toBe(0)
  })
})

describe('stored credentials', () => {
  const [scram, user, token] = [storedScram, storedUser, storedToken]
  it('are added, counted, and added once', async () => {
    const body = { users: [user], tokens: [token] }
    const added = await call('POST', '/security/credentials', body)
    expect([added.status, added.body]).toEqual([200, { users: 1, tokens: 1 }])
    expect((await call('POST', '/security/credentials', body)).body).toEqual({ users: 0, tokens: 0 })
    expect([...state.security.users.values()]).toEqual([user])
    expect([...state.security.tokens.values()]).toEqual([token])
  })

  it.each([
    ['no list', { users: [user] }],
    ['too many', { users: Array(101).fill(user), tokens: [] }],
    ['a field more', { users: [{ ...user, password: 'x' }], tokens: [] }],
    ['another mechanism', { users: [{ ...user, scram: { MD5: scram } }], tokens: [] }],
    ['no mechanism', { users: [{ ...user, scram: {} }], tokens: [] }],
    ['keys of another length', { users: [{ ...user, scram: { 'SCRAM-SHA-512': scram } }], tokens: [] }],
    [
      'too few iterations',
      { users: [{ ...user, scram: { 'SCRAM-SHA-256': { ...scram, iterations: 1 } } }], tokens: [] },
    ],
    ['a hash that is none', { users: [], tokens: [{ ...token, hash: 'x' }] }],
    ['a principal that has no tokens', { users: [], tokens: [{ ...token, principal: 'Group:ops' }] }],
  ])('with %s are refused', async (_, body) => {
    const answer = await call('POST', '/security/credentials', body)
    expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST'])
    expect([state.security.users.size, state.security.tokens.size]).toEqual([0, 0])
  })

  it('are exported to nobody where nobody is asked for a credential', async () => {
    const answer = await call('GET', '/security/credentials')
    expect([answer.status, answer.body.code]).toEqual([401, 'AUTHENTICATION_REQUIRED'])
  })
})

describe('tokens', () => {
  const scope = { operations: ['read'], resources: [{ type: 'topic', name: 'orders.', pattern: 'prefixed' }] }

  it('are created, listed without their secret, and revoked; no cache keeps one', async () => {
    const created = await call('POST', '/security/tokens', { principal: 'User:svc', scope, lifetimeMs: 60_000 })
    expect(created.status).toBe(201)
    expect(created.headers.get('cache-control')).toBe('no-store')
    const { token, description } = created.body
    expect(token).toMatch(/^tr_[0-9a-f]{24}_[\w-]{43}$/)
    expect(description).toMatchObject({ principal: 'User:svc', scope, createdBy: 'User:ANONYMOUS' })
    expect(description.expiresAt - description.createdAt).toBe(60_000)
    expect((await call('GET', '/security/tokens')).body).toEqual({ tokens: [description] })
    expect((await call('DELETE', `/security/tokens/${description.id}`)).status).toBe(204)
    const again = await call('DELETE', `/security/tokens/${description.id}`)
    expect([again.status, again.body.code]).toEqual([404, 'UNKNOWN_TOKEN'])
  })

  it('without a scope and a lifetime are for all that the principal may do, until they are revoked', async () => {
    const { body } = await call('POST', '/security/tokens', { principal: 'Cascade:101' })
    expect(body.description).toMatchObject({ scope: null, expiresAt: null })
  })

  it.each([
    [{}],
    [{ principal: 'svc' }],
    [{ principal: 'Broker:1' }],
    [{ principal: 'User:svc', lifetimeMs: 0 }],
    [{ principal: 'User:svc', lifetimeMs: '1h' }],
    [{ principal: 'User:svc', scope: { operations: ['peek'], resources: scope.resources } }],
    [{ principal: 'User:svc', scope: { operations: [], resources: scope.resources } }],
    [{ principal: 'User:svc', scope: { ...scope, resources: [] } }],
    [{ principal: 'User:svc', id: 'mine' }],
  ])('%j is refused', async (body) => {
    const answer = await call('POST', '/security/tokens', body)
    expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(state.security.tokens.size).toBe(0)
  })
})

describe('rules', () => {
  const rules = [acl('a'), acl('b'), acl('b', 'deny')]

  it('are added, listed and removed by a filter', async () => {
    expect((await call('POST', '/security/acls', { acls: rules })).status).toBe(204)
    expect((await call('GET', '/security/acls')).body).toEqual({ acls: rules })
    expect((await call('GET', '/security/acls?name=b&permission=deny')).body).toEqual({ acls: [rules[2]] })
    expect((await call('DELETE', '/security/acls?name=b')).body).toEqual({ acls: rules.slice(1) })
    expect((await call('GET', '/security/acls')).body).toEqual({ acls: [rules[0]] })
  })

  it('are not removed all together by a request that names none', async () => {
    await call('POST', '/security/acls', { acls: rules })
    expect((await call('DELETE', '/security/acls')).body).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(state.security.acls.size).toBe(3)
  })

  it.each([
    ['POST', '/security/acls', { acls: [] }],
    ['POST', '/security/acls', { acls: [{ ...acl('a'), host: 'example.org' }] }],
    ['POST', '/security/acls', { acls: [{ ...acl('a'), operation: 'peek' }] }],
    ['POST', '/security/acls', { acls: [{ ...acl('a'), resource: { type: 'topic', name: 'a' } }] }],
    ['POST', '/security/acls', { acls: [acl('a b')] }],
    ['POST', '/security/acls', { acls: Array.from({ length: 1001 }, (_, at) => acl(`t${at}`)) }],
    ['GET', '/security/acls?operation=peek', undefined],
    ['DELETE', '/security/acls?colour=red', undefined],
    ['POST', '/security/acls/test', { principal: 'User:ann', operation: 'read' }],
  ])('%s %s %j is refused', async (method, path, body) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(state.security.acls.size).toBe(0)
  })

  it('answer a question, with the rule that decides', async () => {
    await call('POST', '/security/acls', { acls: [acl('a'), { ...acl('b'), principal: 'Group:g', host: '10.0.0.1' }] })
    const ask = async (name: string, more: object = {}) =>
      (
        await call('POST', '/security/acls/test', {
          principal: 'User:ann',
          operation: 'read',
          resource: { type: 'topic', name },
          ...more,
        })
      ).body
    expect(await ask('a')).toEqual({ allowed: true, because: 'rule', rule: acl('a') })
    expect(await ask('b')).toEqual({ allowed: false, because: 'no-rule', rule: null })
    expect(await ask('b', { groups: ['Group:g'], host: '10.0.0.1' })).toMatchObject({ allowed: true })
    expect(await ask('b', { principal: 'User:root' })).toMatchObject({ because: 'super-user' })
  })
})

describe('quotas', () => {
  const entity = (fields: object) => ({ principal: null, clientId: null, address: null, ...fields })

  it('are set, listed and removed by exactly what they name', async () => {
    const ann = { entity: { principal: 'User:ann' }, limits: { produceBytesPerSecond: 1e6, connections: 5 } }
    const each = { entity: { principal: '*', clientId: 'a/b+c', address: null }, limits: { requestsPerSecond: 10 } }
    for (const body of [ann, each]) expect((await call('PUT', '/security/quotas', body)).status).toBe(204)
    const listed = [
      { ...each, entity: entity(each.entity) },
      { ...ann, entity: entity(ann.entity) },
    ]
    expect((await call('GET', '/security/quotas')).body).toEqual({ quotas: listed })
    expect((await call('DELETE', '/security/quotas?principal=*')).body).toMatchObject({ code: 'UNKNOWN_QUOTA' })
    expect((await call('DELETE', '/security/quotas?principal=*&clientId=a%2Fb%2Bc')).status).toBe(204)
    expect((await call('GET', '/security/quotas')).body).toEqual({ quotas: listed.slice(1) })
  })

  it.each([
    ['PUT', '/security/quotas', { entity: {}, limits: { connections: 1 } }],
    ['PUT', '/security/quotas', { entity: { principal: 'ann' }, limits: { connections: 1 } }],
    ['PUT', '/security/quotas', { entity: { principal: '*', colour: 'red' }, limits: { connections: 1 } }],
    ['PUT', '/security/quotas', { entity: { principal: '*' }, limits: {} }],
    ['PUT', '/security/quotas', { entity: { principal: '*' }, limits: { connections: 0 } }],
    ['PUT', '/security/quotas', { entity: { principal: '*' }, limits: { colours: 3 } }],
    ['DELETE', '/security/quotas', undefined],
    ['DELETE', '/security/quotas?colour=red', undefined],
  ])('%s %s %j is refused', async (method, path, body) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(state.security.quotas.size).toBe(0)
  })
})

it('a broker without them says where they are', async () => {
  const other = await startGateway(nodeClock, nodeRandom)
  const answer = await fetch(`${other.url}/security/users`)
  expect(await answer.json()).toMatchObject({
    code: 'UNSUPPORTED_MESSAGE',
    message: expect.stringContaining('level 0'),
  })
  await other.gateway.close()
})
