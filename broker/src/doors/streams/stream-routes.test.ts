import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Operation } from '../../api/security-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { maxBodyBytes: 4096 })
})
afterAll(() => fixture.gateway.close())

let path = ''
let number = 0
beforeEach(() => {
  path = `tests/${number++}`
})

const text = { 'content-type': 'text/plain' }
const json = { 'content-type': 'application/json' }
const ask = (method: string, headers: Record<string, string> = {}, body?: string | Uint8Array, query = '') =>
  fetch(`${fixture.url}/streams/${path}${query}`, {
    method,
    headers,
    ...(body !== undefined && { body: body as string }),
  })
const put = (headers: Record<string, string> = text, body = '') => ask('PUT', headers, body)
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]

describe('what is wrong with a request is told', () => {
  it.each([
    ['Stream-TTL', '01'],
    ['Stream-TTL', '-1'],
    ['Stream-TTL', '4000000001'],
    ['Stream-Expires-At', 'tomorrow'],
    ['Stream-Expires-At', '2026-01-01'],
    ['Stream-Fork-Offset', '0000000000000000_0000000000000000'],
  ])('PUT with %s: %s', async (name, value) => {
    expect(await codeOf(await put({ ...text, [name]: value }))).toEqual([400, 'INVALID_REQUEST'])
  })

  it.each([
    [{ 'producer-id': 'p' }],
    [{ 'producer-id': 'p', 'producer-epoch': '0' }],
    [{ 'producer-id': '', 'producer-epoch': '0', 'producer-seq': '0' }],
    [{ 'producer-id': 'p', 'producer-epoch': '0x1', 'producer-seq': '0' }],
    [{ 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '9007199254740992' }],
    [{ 'stream-seq': 'x'.repeat(256) }],
  ])('POST with %j', async (headers) => {
    await put()
    expect(await codeOf(await ask('POST', { ...text, ...headers }, 'x'))).toEqual([400, 'INVALID_REQUEST'])
  })

  it.each([
    '?offset=',
    '?offset=5',
    '?offset=0000000000000001_0000000000000000',
    '?offset=-2',
    '?live=sse',
    '?live=fast',
  ])('GET %s', async (query) => {
    await put()
    expect(await codeOf(await ask('GET', {}, undefined, query))).toEqual([400, 'INVALID_REQUEST'])
  })

  it('a name that is empty, too long, or of two lines', async () => {
    for (path of ['', 'x'.repeat(1001), 'a%0Ab']) expect(await codeOf(await put())).toEqual([400, 'INVALID_REQUEST'])
  })

  it('a read beyond the end, and one that begins within a message', async () => {
    await put(json, '[12,345]')
    for (const offset of [99, 1]) {
      const query = `?offset=${'0'.repeat(16)}_${String(offset).padStart(16, '0')}`
      expect(await codeOf(await ask('GET', {}, undefined, query))).toEqual([400, 'INVALID_REQUEST'])
    }
  })
})

it('names with slashes, dots and letters of all kinds are streams of their own', async () => {
  const names = ['a/b', 'a.b', 'a%2Fb%2Fc', 'zürich', 'tests%20here', '日本']
  for (path of names) expect((await put(text, path)).status).toBe(201)
  for (path of names) expect(await (await ask('GET')).text()).toBe(path)
})

it('a body that is too long is refused, and the connection goes on', async () => {
  await put()
  for (let time = 0; time < 3; time++) {
    expect(await codeOf(await ask('POST', text, new Uint8Array(9000)))).toEqual([413, 'FRAME_TOO_LARGE'])
  }
  expect((await ask('POST', text, 'short')).status).toBe(204)
})

it('refusals have what the sender needs to go on', async () => {
  await put()
  const producer = (epoch: number, seq: number) => ({
    ...text,
    'producer-id': 'p',
    'producer-epoch': String(epoch),
    'producer-seq': String(seq),
  })
  expect((await ask('POST', producer(2, 0), 'x')).headers.get('producer-seq')).toBe('0')
  const fenced = await ask('POST', producer(1, 0), 'x')
  expect([...(await codeOf(fenced)), fenced.headers.get('producer-epoch')]).toEqual([
    403,
    'STREAM_PRODUCER_FENCED',
    '2',
  ])
  const gap = await ask('POST', producer(2, 5), 'x')
  const told = ['producer-expected-seq', 'producer-received-seq'].map((name) => gap.headers.get(name))
  expect([...(await codeOf(gap)), ...told]).toEqual([409, 'STREAM_PRODUCER_GAP', '1', '5'])
  await ask('POST', { ...text, 'stream-closed': 'TRUE' })
  const closed = await ask('POST', json, '1')
  const end = ['stream-closed', 'stream-next-offset'].map((name) => closed.headers.get(name))
  expect([...(await codeOf(closed)), ...end]).toEqual([
    409,
    'STREAM_CLOSED',
    'true',
    `${'0'.repeat(16)}_${'1'.padStart(16, '0')}`,
  ])
})

it('a stream with an end is kept by no cache without asking, and what is new by none at all', async () => {
  await put({ ...text, 'stream-ttl': '60' }, 'x')
  expect((await ask('GET')).headers.get('cache-control')).toBe('public, no-cache')
  expect((await ask('GET', {}, undefined, '?offset=now')).headers.get('cache-control')).toBe('no-store')
  expect((await ask('HEAD')).headers.get('stream-ttl')).toBe('60')
})

describe('server-sent events', () => {
  it('begin where they are asked to, follow what comes, and end with the stream', async () => {
    await put(text, 'one\r\nevent: false\n two')
    const answer = await ask('GET', {}, undefined, '?offset=-1&live=sse')
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const decoder = new TextDecoderStream()
    const reader = answer.body!.pipeThrough(decoder as never).getReader()
    let seen = ''
    const until = async (wanted: string) => {
      while (!seen.includes(wanted)) seen += (await reader.read()).value
    }
    await until('upToDate')
    expect(seen).toContain('event: data\ndata:one\ndata:event: false\ndata:  two\n\nevent: control\n')
    await ask('POST', { ...text, 'stream-closed': 'true' }, 'end')
    await until('streamClosed')
    expect(seen).toMatch(
      /data:end\n\nevent: control\ndata:\{"streamNextOffset":"[0-9_]+","upToDate":true,"streamClosed":true\}/,
    )
    expect((await reader.read()).done).toBe(true)
  })

  it('whose reader leaves are no failure, at rest or with much to send', async () => {
    const failures = async () => {
      const page = await (await fetch(`${fixture.url}/metrics`)).text()
      return page.split('\n').filter((line) => line.includes('http_events') && line.includes('ABORTED'))
    }
    await put(text, 'x'.repeat(4000))
    for (const offset of ['now', '-1']) {
      const gone = new AbortController()
      const url = `${fixture.url}/streams/${path}?offset=${offset}&live=sse`
      const answer = await fetch(url, { signal: gone.signal })
      expect(answer.status).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 100))
      gone.abort()
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await failures()).toEqual([])
    expect(fixture.logged).toEqual([])
  })

  it('of bytes are in base64', async () => {
    await put({ 'content-type': 'application/octet-stream', 'stream-closed': 'true' }, 'ÿ')
    const answer = await ask('GET', {}, undefined, '?offset=-1&live=sse')
    expect(answer.headers.get('stream-sse-data-encoding')).toBe('base64')
    expect(await answer.text()).toContain(`data:${Buffer.from('ÿ').toString('base64')}\n`)
  })
})

it('ends long polls and events when the gateway closes', async () => {
  const own = await startGateway(nodeClock, nodeRandom)
  await fetch(`${own.url}/streams/a`, { method: 'PUT', headers: text })
  const read = (live: string) => fetch(`${own.url}/streams/a?offset=now&live=${live}`).then((answer) => answer.text())
  const waiting = [read('long-poll'), read('sse')].map((one) => one.catch(() => 'cut off'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  await own.gateway.close()
  await Promise.all(waiting)
})

describe('with credentials on', () => {
  let own: Fixture
  const tables = new MemoryTables()
  beforeAll(async () => {
    own = await startGateway(nodeClock, nodeRandom, {}, undefined, { mode: 'required', tables: () => tables })
  })
  afterAll(() => own.gateway.close())

  const request = async (method: string, name: string, headers: Record<string, string> = {}, body?: string) => {
    const authorization = `Bearer ${tables.token('User:svc')}`
    const options = { method, headers: { ...text, authorization, ...headers }, ...(body !== undefined && { body }) }
    return fetch(`${own.url}/streams/${name}`, options)
  }

  it.each<readonly [string, Operation]>([
    ['PUT', 'create'],
    ['POST', 'write'],
    ['GET', 'read'],
    ['HEAD', 'describe'],
    ['DELETE', 'delete'],
  ])('%s needs %s on the stream, by its own name or a prefix', async (method, operation) => {
    const body = method === 'POST' ? 'x' : undefined
    expect((await fetch(`${own.url}/streams/a.b/c`, { method, headers: text, body: body ?? null })).status).toBe(401)
    expect((await request(method, 'a.b/c', {}, body)).status).toBe(403)
    tables.rule('User:svc', operation, { type: 'topic', name: '__streams.a.b.c' })
    expect((await request(method, 'a.b/c', {}, body)).status).toBe(403)
    tables.rule('User:svc', operation, { type: 'topic', name: '__streams.a_2eb.c' })
    expect((await request(method, 'a.b/c', {}, body)).status).not.toBe(403)
    expect((await request(method, 'a.b/d', {}, body)).status).toBe(403)
    tables.forgetRules()
  })

  it('a fork needs read on its source', async () => {
    const fork = { 'stream-forked-from': '/streams/secret' }
    tables.rule('User:svc', 'create', { type: 'topic', name: '__streams.mine' })
    expect((await request('PUT', 'mine', fork)).status).toBe(403)
    tables.rule('User:svc', 'read', { type: 'topic', name: '__streams.secret' })
    expect((await request('PUT', 'mine', fork)).status).toBe(404)
    tables.forgetRules()
  })
})
