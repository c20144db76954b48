import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Operation } from '../../api/security-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

// biome-ignore lint/suspicious/noExplicitAny: what the assertions are about
type Body = any
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}
const json = { 'content-type': 'application/json' }

async function call(url: string, method: string, body?: object, headers: object = {}): Promise<Answer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(url, { method, headers: { ...(body && json), ...headers }, ...sent })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
}

describe('subscriptions over HTTP', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await startGateway(nodeClock, nodeRandom)
  })
  afterAll(() => fixture.gateway.close())
  const ask = (method: string, path: string, body?: object, headers?: object) =>
    call(`${fixture.url}/streams/${path}`, method, body, headers)
  const pull = { type: 'pull-wake', pattern: 'events/*', wake_stream: '/wakes/', lease_ttl_ms: 2_000 }

  it('of pull-wake go from a claim to an ack', async () => {
    await call(`${fixture.url}/streams/wakes`, 'PUT', [])
    const made = await ask('PUT', '__ds/subscriptions/a%2Fb', pull)
    expect([made.status, made.body]).toMatchObject([201, { id: 'a/b', wake_stream: 'wakes', description: null }])
    await call(`${fixture.url}/streams/events/x`, 'PUT', { event: 1 })
    const claimed = await ask('POST', '__ds/subscriptions/a%2Fb/claim', { worker: 'w' })
    expect(claimed.status).toBe(200)
    const { wake_id, generation, token, streams } = claimed.body
    const acks = [{ stream: '/events/x', offset: streams[0].tail_offset }]
    const bearer = { authorization: `Bearer ${token}` }
    const ack = { wake_id, generation, acks, done: true }
    const refused = await ask('POST', '__ds/subscriptions/a%2Fb/ack', ack)
    expect([refused.status, refused.body.error.code]).toEqual([401, 'TOKEN_INVALID'])
    const done = await ask('POST', '__ds/subscriptions/a%2Fb/ack', ack, bearer)
    expect([done.status, done.body]).toEqual([200, { ok: true, next_wake: false }])
    const released = await ask('POST', '__ds/subscriptions/a%2Fb/release', { wake_id, generation }, bearer)
    expect([released.status, released.body.error.code]).toEqual([409, 'FENCED'])
    expect((await ask('GET', '__ds/subscriptions')).body).toEqual({ subscriptions: [{ id: 'a/b', type: 'pull-wake' }] })
    expect((await ask('GET', '__ds/subscriptions?after=a%2Fb')).body).toEqual({ subscriptions: [] })
    expect((await ask('GET', '__ds/subscriptions/a%2Fb')).headers.get('cache-control')).toBe('no-store')
    expect((await ask('POST', '__ds/subscriptions/a%2Fb/streams', { streams: ['n/1'] })).status).toBe(204)
    expect((await ask('DELETE', '__ds/subscriptions/a%2Fb/streams/n/1')).status).toBe(204)
    expect((await ask('DELETE', '__ds/subscriptions/a%2Fb')).status).toBe(204)
    expect((await ask('GET', '__ds/subscriptions/a%2Fb')).body.error.code).toBe('SUBSCRIPTION_NOT_FOUND')
  })

  it('have the addresses of the client, under either root', async () => {
    for (const root of ['streams', 'v1/stream']) {
      const url = `${fixture.url}/${root}/__ds/subscriptions/${root.length}`
      expect((await call(url, 'PUT', { ...pull, pattern: 'other' })).status).toBe(201)
      expect((await call(`${fixture.url}/${root}/of-${root.length}`, 'PUT', {})).headers.get('location')).toBe(
        `${fixture.url}/${root}/of-${root.length}`,
      )
    }
    // Both are the same streams.
    expect((await call(`${fixture.url}/v1/stream/of-7`, 'GET')).body).toEqual([{}])
    const fork = { 'content-type': 'application/json', 'stream-forked-from': '/v1/stream/of-7' }
    const forked = await fetch(`${fixture.url}/streams/fork`, { method: 'PUT', headers: fork })
    expect(forked.status).toBe(201)
  })

  it('need webhooks that the operator allows, for webhooks', async () => {
    const webhook = { type: 'webhook', pattern: 'a', webhook: { url: 'https://example.org/' } }
    const { status, body } = await ask('PUT', '__ds/subscriptions/h', webhook)
    expect([status, body.error.code]).toEqual([400, 'WEBHOOK_URL_REJECTED'])
    expect((await ask('GET', '__ds/jwks.json')).body).toEqual({ keys: [] })
  })

  it.each<readonly [method: string, path: string, body: object | undefined]>([
    ['PUT', '__ds/subscriptions/q', { type: 'push', pattern: 'a' }],
    ['PUT', '__ds/subscriptions/q', { type: 'pull-wake', wake_stream: 'w' }],
    ['PUT', '__ds/subscriptions/q', { type: 'pull-wake', pattern: 'a' }],
    ['PUT', '__ds/subscriptions/q', { ...pull, lease_ttl_ms: 999 }],
    ['PUT', '__ds/subscriptions/q', { ...pull, streams: ['__ds/a'] }],
    ['PUT', '__ds/subscriptions/q', { type: 'webhook', pattern: 'a', webhook: { url: 'x' } }],
    ['POST', '__ds/subscriptions/q/streams', { streams: [] }],
    ['POST', '__ds/subscriptions/q/claim', {}],
    ['POST', '__ds/subscriptions/q/ack', { wake_id: 'w', generation: 1, acks: [{ stream: 'a', offset: 'x' }] }],
    ['GET', '__ds/subscriptions/q?after=__%00', undefined],
    ['PUT', '__ds/subscriptions/q%0Aq', pull],
    ['PUT', '__ds/other', {}],
    ['GET', '__ds/other', undefined],
  ])('%s %s with %j is refused in the form of the protocol and of this broker', async (method, path, body) => {
    const answer = await ask(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST'])
    if (path !== '__ds/other') expect(answer.body.error.code).toBe('INVALID_REQUEST')
  })

  it('are listed to the last one, also where one partition has most of them', async () => {
    const ids = Array.from({ length: 210 }, (_, at) => `many-${String(at).padStart(3, '0')}`)
    const made = await Promise.all(ids.map((id) => ask('PUT', `__ds/subscriptions/${id}`, pull)))
    expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]))
    const found: string[] = []
    let after: string | undefined = 'many'
    while (after !== undefined) {
      const { body }: Answer = await ask('GET', `__ds/subscriptions?after=${after}`)
      found.push(...body.subscriptions.map(({ id }: Body) => id))
      after = body.next_after
    }
    await Promise.all(ids.map((id) => ask('DELETE', `__ds/subscriptions/${id}`)))
    expect(found.filter((id) => id.startsWith('many'))).toEqual(ids)
  })

  it('refuse a name of very many slashes in a short time, which anybody may send', async () => {
    const acks = [{ stream: `a${'/'.repeat(100_000)}a`, offset: `${'0'.repeat(16)}_${'0'.repeat(16)}` }]
    const begun = performance.now()
    const { status } = await ask('POST', '__ds/subscriptions/q/ack', { wake_id: 'w', generation: 1, acks })
    expect(status).toBe(400)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})

describe('with credentials on', () => {
  let fixture: Fixture
  const tables = new MemoryTables()
  beforeAll(async () => {
    fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, { mode: 'required', tables: () => tables })
  })
  afterAll(() => fixture.gateway.close())
  const ask = (method: string, path: string, body?: object, headers: object = {}) => {
    const authorization = `Bearer ${tables.token('User:svc')}`
    return call(`${fixture.url}/streams/__ds/subscriptions/s${path}`, method, body, { authorization, ...headers })
  }
  const own = { type: 'topic', name: '__streams.__ds.subscriptions.s'.replace('__ds', '_5f_5fds') } as const
  const pull = { type: 'pull-wake', streams: ['a'], wake_stream: 'w' }

  it.each<readonly [method: string, path: string, body: object | undefined, operation: Operation]>([
    ['GET', '', undefined, 'describe'],
    ['DELETE', '', undefined, 'delete'],
    ['POST', '/claim', { worker: 'w' }, 'read'],
    ['DELETE', '/streams/a', undefined, 'alter'],
  ])('%s %s needs a right on the subscription', async (method, path, body, operation) => {
    expect((await call(`${fixture.url}/streams/__ds/subscriptions/s${path}`, method, body)).status).toBe(401)
    expect((await ask(method, path, body)).status).toBe(403)
    tables.rule('User:svc', operation, own)
    expect([200, 204, 404]).toContain((await ask(method, path, body)).status)
    tables.forgetRules()
  })

  it('PUT needs create on it, read on the streams that it names, and write on its stream of wakes', async () => {
    const needed: readonly (readonly [Operation, string])[] = [
      ['create', own.name],
      ['read', '__streams.a'],
      ['write', '__streams.w'],
    ]
    for (const left of needed) {
      for (const one of needed) if (one !== left) tables.rule('User:svc', one[0], { type: 'topic', name: one[1] })
      expect((await ask('PUT', '', pull)).status).toBe(403)
      tables.forgetRules()
    }
    for (const [operation, name] of needed) tables.rule('User:svc', operation, { type: 'topic', name })
    expect((await ask('PUT', '', pull)).status).toBe(201)
    tables.forgetRules()
  })

  it('a token with a scope makes none: it would outlive the token', async () => {
    const resources = [{ type: 'topic', name: '*', pattern: 'literal' }] as const
    const scope = { operations: ['all'], resources } as const
    tables.rule('User:svc', 'all', { type: 'topic', name: '*' })
    const scoped = { authorization: `Bearer ${tables.token('User:svc', { scope: scope as never })}` }
    const answer = await ask('PUT', '', pull, scoped)
    expect([answer.status, answer.body.code]).toEqual([403, 'AUTHORIZATION_FAILED'])
    tables.forgetRules()
  })

  it.each(['ack', 'callback', 'release'])('%s takes the token of a wake, and no other', async (name) => {
    const body = { wake_id: 'w', generation: 1 }
    const url = `${fixture.url}/streams/__ds/subscriptions/s/${name}`
    // The subscription of the test before: its kind is looked at first, then the token.
    for (const authorization of [undefined, 'Bearer a.b', `Bearer ${tables.token('User:svc')}`]) {
      const answer = await call(url, 'POST', body, authorization === undefined ? {} : { authorization })
      expect([400, 401]).toContain(answer.status)
      expect(['INVALID_REQUEST', 'TOKEN_INVALID']).toContain(answer.body.error.code)
    }
  })
})
