import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLUSTER_NAME, type Resource } from '../../broker/src/api/security-api.ts'
import { describedRequests } from '../../broker/src/doors/testing/described-requests.ts'
import { memorySecurity } from '../../broker/src/doors/testing/memory-security.ts'
import { batchOf, Client, type Fixture, startGateway } from '../../broker/src/doors/testing/running-gateway.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { nodeCrypto } from '../../broker/src/platform/node/crypto.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'
import { MemoryTables } from '../../broker/src/security/testing/memory-tables.ts'
import { tokenIssuer } from '../../broker/src/start/credentials/token-issuer.ts'
import { ScramClient } from '../../client/src/scram.ts'
import { machine } from '../../client/src/surroundings.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }
const adminToken = 'the-token-of-the-administrator'
const hourMs = 3_600_000

/** What a client holds: a user with a password, a text that is a bearer, or nothing. */
type Credential = { readonly user: string; readonly password: string } | { readonly token: string } | null
/** all: it may do all that the table asks; denied: it is known, and may do nothing. */
type Outcome = 'all' | 'denied' | 'wrong' | 'nobody'

let tables: MemoryTables
let fixture: Fixture
let credentials: Record<string, readonly [credential: Credential, outcome: Outcome]>

beforeAll(async () => {
  tables = new MemoryTables()
  for (const name of ['alice', 'bob', 'gone']) await tables.user(name, 'pencil')
  tables.users.delete('gone')
  const issuer = { jwksUrl: 'https://id.example/keys', issuer: 'https://id.example', audience: 'tailrace' }
  const [own, foreign] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  const keys = [await exportJWK(own.publicKey)]
  const claims = { ...issuer, principalClaim: 'sub', groupsClaim: 'groups' }
  const verifier = await tokenIssuer(claims, nodeClock, async () => Response.json({ keys }))
  const jwt = async (sub: string, more: { key?: typeof own.privateKey; audience?: string; endsInMs?: number } = {}) => {
    const { key = own.privateKey, audience = issuer.audience, endsInMs = hourMs } = more
    const exp = Math.floor((Date.now() + endsInMs) / 1000)
    const token = new SignJWT({ iss: issuer.issuer, aud: audience, sub, exp })
    return { token: await token.setProtectedHeader({ alg: 'ES256' }).sign(key) }
  }
  const hash = nodeCrypto.hash('sha256', new TextEncoder().encode(adminToken))
  const access = { mode: 'required', tables: () => tables, clock: nodeClock, adminToken: () => hash, verifier } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access, memorySecurity(nodeClock, nodeRandom))
  const token = (principal: string, more = {}) => ({ token: tables.token(principal, more) })
  const revoked = token('User:alice')
  tables.tokens.clear()
  const noScope = { scope: { operations: [], resources: [] } }
  credentials = {
    none: [null, 'nobody'],
    password: [{ user: 'alice', password: 'pencil' }, 'all'],
    'wrong password': [{ user: 'alice', password: 'chalk' }, 'wrong'],
    'password of a deleted user': [{ user: 'gone', password: 'pencil' }, 'wrong'],
    'password without rights': [{ user: 'bob', password: 'pencil' }, 'denied'],
    token: [token('User:alice'), 'all'],
    'token without rights': [token('User:bob'), 'denied'],
    'token of no scope': [token('User:alice', noScope), 'denied'],
    'wrong token': [{ token: `${tables.token('User:alice')}x` }, 'wrong'],
    'expired token': [token('User:alice', { expiresAt: Date.now() - 1 }), 'wrong'],
    'revoked token': [revoked, 'wrong'],
    'JSON web token': [await jwt('alice'), 'all'],
    'JSON web token without rights': [await jwt('bob'), 'denied'],
    'expired JSON web token': [await jwt('alice', { endsInMs: -hourMs }), 'wrong'],
    'JSON web token of another key': [await jwt('alice', { key: foreign.privateKey }), 'wrong'],
    'JSON web token for another audience': [await jwt('alice', { audience: 'others' }), 'wrong'],
    'admin token': [{ token: adminToken }, 'all'],
    'wrong admin token': [{ token: `${adminToken}x` }, 'wrong'],
  }
  const others: Resource[] = [
    { type: 'topic', name: 'nowhere' },
    { type: 'group', name: 'billing' },
    { type: 'topic', name: '__streams.jobs.7' },
    { type: 'topic', name: '__streams._5f_5fds.subscriptions.s' },
  ]
  for (const resource of [flights, cluster, ...others]) tables.rule('User:alice', 'all', resource)
})
afterAll(() => fixture.gateway.close())

const kinds = [
  'none',
  'password',
  'wrong password',
  'password of a deleted user',
  'password without rights',
  'token',
  'token without rights',
  'token of no scope',
  'wrong token',
  'expired token',
  'revoked token',
  'JSON web token',
  'JSON web token without rights',
  'expired JSON web token',
  'JSON web token of another key',
  'JSON web token for another audience',
  'admin token',
  'wrong admin token',
]

it('the table has every credential', () => {
  expect(Object.keys(credentials)).toEqual(kinds)
})

function headersOf(credential: Credential): Record<string, string> {
  if (credential === null) return {}
  if ('token' in credential) return { authorization: `Bearer ${credential.token}` }
  return { authorization: `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}` }
}

async function ask(method: string, path: string, credential: Credential, body?: unknown) {
  const headers = { ...headersOf(credential), ...(body !== undefined && { 'content-type': 'application/json' }) }
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(`${fixture.url}${path}`, { method, headers, ...init })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return { status: answer.status, body: isJson && text !== '' ? JSON.parse(text) : text }
}

/** A right credential from the same address: the next wrong one is answered at once again. */
async function forgiven(): Promise<void> {
  expect((await ask('GET', '/topics', { token: adminToken })).status).toBe(200)
}

const codes = { nobody: 'AUTHENTICATION_REQUIRED', wrong: 'AUTHENTICATION_FAILED', denied: 'AUTHORIZATION_FAILED' }
const refused = Object.values(codes)

/** In lists all that a client may not see is left out. */
const lists = ['listTopics', 'listTokens', 'listConsumerGroups', 'listStreamSubscriptions']

describe.each(kinds)('%s', (kind) => {
  it('HTTP: every operation', async () => {
    const [credential, outcome] = credentials[kind]!
    const { body: description } = await ask('GET', '/openapi.json', null)
    const operations = Object.values(description.paths).flatMap((methods) =>
      Object.entries(methods as Record<string, { operationId: string }>).map(
        ([method, { operationId }]) => [operationId, method.toUpperCase()] as const,
      ),
    )
    expect(operations.map(([id]) => id).sort()).toEqual(Object.keys(describedRequests).sort())
    for (const [id, method] of operations) {
      const [path, needs, body] = describedRequests[id]!
      if (outcome === 'wrong') await forgiven()
      const answer = await ask(method, path, credential, body)
      const code = refused.includes(answer.body?.code) ? answer.body.code : null
      const isOpen = needs === 'own-token' || (needs === null && outcome !== 'wrong')
      const isShort = needs === 'super-user' && outcome === 'all' && kind !== 'admin token'
      const isDone = outcome === 'all' || isOpen || (outcome === 'denied' && lists.includes(id))
      const expected = isShort ? codes.denied : isDone ? null : codes[outcome as keyof typeof codes]
      expect([id, code], JSON.stringify(answer.body)).toEqual([id, expected])
      if (id === 'deleteTopic' && code === null)
        await fixture.broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
    }
  }, 30_000)

  it('WebSocket in JSON: every operation that is checked', async () => {
    const [credential, outcome] = credentials[kind]!
    await forgiven()
    const client = await new Client(fixture.address).open()
    if (credential !== null) {
      client.json({ op: 'authenticate', id: 0, ...credential })
      const answer = await client.nextJson()
      expect(answer.code ?? answer.op).toBe(outcome === 'wrong' ? codes.wrong : 'authenticated')
    }
    const isKnown = outcome === 'all' || outcome === 'denied'
    for (const [op, fields] of [
      ['subscribe', { topic: 'flights', from: 'earliest' }],
      ['publish', { topic: 'flights', records: [{ value: 'x' }] }],
      ['publish-if', { topic: 'flights', partition: 0, fence: 1, records: [{ value: 'x' }] }],
      ['watch', { topics: ['flights'] }],
      ['watch', { of: 'partition', topic: 'flights', partition: 0 }],
      ['watch', { of: 'cascade' }],
      ['watch', { of: 'moves' }],
      ['watch', { of: 'audit' }],
      ['watch', { of: 'consumer-group', group: 'billing' }],
      ['watch', { of: 'consumer-groups' }],
    ] as const) {
      const id = `${op} ${'of' in fields ? fields.of : ''}`
      client.json({ op, id, ...fields })
      // A state of the broker, and a list of groups, show each what it may see.
      const isAllowed = outcome === 'all' || id === 'watch ' || id === 'watch consumer-groups'
      const expected = isKnown ? (isAllowed ? null : codes.denied) : codes.nobody
      let answer: { id?: string; op: string; code?: string } = { op: '' }
      while (answer.id !== id) answer = JSON.parse(String(await client.next()))
      expect([op, answer.op === 'error' ? answer.code : null]).toEqual([op, expected])
      // A connection has few watches at a time.
      client.json({ op: 'unwatch', id })
    }
    client.socket.terminate()
  })

  it('WebSocket in binary: every frame that is checked', async () => {
    const [credential, outcome] = credentials[kind]!
    await forgiven()
    const client = await new Client(fixture.address).open()
    const told = async () => {
      const { name, fields } = (await client.nextFrame()) as { name: string; fields: { error?: { code: string } } }
      return fields.error?.code ?? name
    }
    if (credential !== null) expect(await shown(client, credential)).toBe(outcome === 'wrong' ? codes.wrong : 'done')
    const position = { kind: 'EARLIEST', value: 0 } as const
    const place = { topic: 'flights', partition: 0 }
    const isKnown = outcome === 'all' || outcome === 'denied'
    const right = (reply: string) => (isKnown ? (outcome === 'all' ? reply : codes.denied) : codes.nobody)
    client.frame('Publish', { correlation: 1, ...place, timeoutMs: 0 }, [batchOf(['x'])])
    expect(await told()).toBe(right('PublishReply'))
    client.frame('PublishIf', { correlation: 5, ...place, timeoutMs: 0, expectedOffset: -1, fence: 1 }, [
      batchOf(['x']),
    ])
    expect(await told()).toBe(right('PublishIfReply'))
    client.frame('Fetch', { correlation: 2, ...place, offset: 0, maxBytes: 0, waitMs: 0 })
    expect(await told()).toBe(right('FetchReply'))
    client.frame('FindOffset', { correlation: 3, ...place, position })
    expect(await told()).toBe(right('FindOffsetReply'))
    client.frame('InitProducer', { correlation: 4 })
    expect(await told()).toBe(right('InitProducerReply'))
    client.frame('Metadata', { correlation: 5, topics: ['flights'] })
    expect(await told()).toBe(isKnown ? 'MetadataReply' : codes.nobody)
    client.frame('CascadeTopics', { correlation: 6, from: 0 })
    expect(await told()).toBe(right('CascadeTopicsReply'))
    client.frame('CascadeSecurity', { correlation: 7, from: 0 } as never)
    // For cascade brokers alone.
    expect(await told()).toBe(isKnown ? codes.denied : codes.nobody)
    // Let through: what is wrong is said of its fields.
    client.frame('CascadeBeat', { correlation: 8, clusterId: 'c', broker: 101, reports: [] })
    expect(await told()).toBe(right('INVALID_REQUEST'))
    client.frame('Subscribe', { subscription: 9, topic: 'flights', position, partitions: [], credit: 1 })
    expect(await told()).toBe(right('Subscribed'))
    client.socket.terminate()
  })
})

/** `done`, or the code of the refusal. */
async function shown(client: Client, credential: NonNullable<Credential>): Promise<string> {
  const step = async (mechanism: string, data: string) => {
    client.frame('Authenticate', { correlation: 0, mechanism, data })
    return (await client.nextFrame()).fields as { data?: string; done?: boolean; error?: { code: string } }
  }
  if ('token' in credential) {
    const { done, error } = await step('BEARER', credential.token)
    return error?.code ?? String(done === true ? 'done' : done)
  }
  const scram = new ScramClient('SCRAM-SHA-256', credential.user, credential.password, machine)
  const challenge = await step(scram.mechanism, scram.begin())
  if (challenge.error !== undefined) return challenge.error.code
  const { data, done, error } = await step(scram.mechanism, await scram.prove(challenge.data!))
  if (error !== undefined) return error.code
  scram.check(data!)
  return done === true ? 'done' : 'open'
}
