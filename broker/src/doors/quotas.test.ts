import { Agent, get } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { MemoryTables } from '../security/testing/memory-tables.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

let fixture: Fixture
let tables: MemoryTables
const clients: Client[] = []

beforeEach(async () => {
  tables = new MemoryTables()
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, { tables: () => tables })
})
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate()
  await fixture.gateway.close()
})

async function call(method: string, path: string, clientId: string, body?: unknown) {
  const headers: Record<string, string> = { 'tailrace-client-id': clientId }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(fixture.url + path, { method, headers, ...sent })
  return { status: response.status, body: await response.json(), retryAfter: response.headers.get('retry-after') }
}
async function connect(clientId: string): Promise<Client> {
  const client = await new Client(fixture.address, {}, `?clientId=${clientId}`).open()
  clients.push(client)
  return client
}
const value = 'x'.repeat(5000)
const place = { topic: 'flights', partition: 0 }
const records = { records: [{ value }] }
const publish = (client: Client, correlation: number) =>
  client.frame('Publish', { correlation, ...place, timeoutMs: 0 }, [batchOf([value])])

describe('published bytes', () => {
  beforeEach(() => tables.quota({ clientId: '*' }, { produceBytesPerSecond: 1000 }))

  it('over HTTP: what is far over is refused with the time to wait, and other clients are not', async () => {
    expect((await call('POST', '/topics/flights/records', 'a', records)).status).toBe(200)
    const refused = await call('POST', '/topics/flights/records', 'a', records)
    expect([refused.status, refused.body.code, refused.body.retriable]).toEqual([429, 'THROTTLED', true])
    expect(refused.body.retryAfterMs).toBeGreaterThan(1000)
    expect(Number(refused.retryAfter)).toBe(Math.ceil(refused.body.retryAfterMs / 1000))
    expect((await call('POST', '/topics/flights/records', 'b', records)).status).toBe(200)
    expect((await call('GET', '/topics/flights', 'a')).status).toBe(200)
  })

  it('over WebSocket: a connection that is over is not read from for a while, then refused', async () => {
    const [heavy, other] = [await connect('a'), await connect('b')]
    const started = performance.now()
    publish(heavy, 1)
    expect(await heavy.nextFrame()).toMatchObject({ name: 'PublishReply' })
    publish(heavy, 2)
    publish(other, 3)
    expect(await other.nextFrame()).toMatchObject({ name: 'PublishReply' })
    const { fields } = await heavy.nextFrame()
    expect(fields).toMatchObject({ correlation: 2, error: { code: 'THROTTLED', retriable: true } })
    expect((fields as { error: { retryAfterMs: number } }).error.retryAfterMs).toBeGreaterThan(500)
    expect(performance.now() - started).toBeGreaterThan(900)
  })

  it('as JSON over WebSocket', async () => {
    const client = await connect('a')
    for (const id of [1, 2]) client.json({ op: 'publish', id, topic: 'flights', ...records })
    const answers = [await client.nextJson(), await client.nextJson()]
    expect(answers).toContainEqual(expect.objectContaining({ op: 'ack', id: 1 }))
    expect(answers).toContainEqual(expect.objectContaining({ op: 'error', id: 2, code: 'THROTTLED' }))
  })
})

describe('read bytes', () => {
  beforeEach(async () => {
    for (let n = 0; n < 6; n++) await fixture.broker.publish('flights', 0, batchOf([value]))
    tables.quota({ clientId: '*' }, { fetchBytesPerSecond: 6000 })
  })
  const fetchOne = (client: Client, correlation: number, offset: number) =>
    client.frame('Fetch', { correlation, ...place, offset, maxBytes: 1, waitMs: 0 })

  it('a subscriber gets its records later, all of them, and another one at once', async () => {
    const subscribe = { op: 'subscribe', id: 1, topic: 'flights', from: 'earliest', partitions: [0] }
    for (let n = 0; n < 60; n++) await fixture.broker.publish('flights', 0, batchOf([value]))
    tables.quota({ clientId: 'b' }, { fetchBytesPerSecond: 1e9 })
    tables.quota({ clientId: 'a' }, { fetchBytesPerSecond: 120_000 })
    const client = await connect('a')
    client.json(subscribe)
    const last = async (of: Client): Promise<number> => {
      const started = performance.now()
      let next = 0
      while (next < 66) next = (await of.nextJson()).nextOffset ?? next
      return performance.now() - started
    }
    const other = await connect('b')
    other.json(subscribe)
    const [slow, fast] = await Promise.all([last(client), last(other)])
    expect(slow).toBeGreaterThan(1000)
    expect(fast).toBeLessThan(slow / 2)
  }, 20_000)

  it('a fetch waits up to a second, and is refused when that is not enough', async () => {
    const client = await connect('a')
    const started = performance.now()
    for (const n of [1, 2]) {
      fetchOne(client, n, 0)
      expect(await client.nextFrame()).toMatchObject({ name: 'FetchReply' })
    }
    fetchOne(client, 3, 0)
    expect(await client.nextFrame()).toMatchObject({ name: 'FetchReply' })
    client.frame('Fetch', { correlation: 4, ...place, offset: 0, maxBytes: 1 << 20, waitMs: 0 })
    expect(await client.nextFrame()).toMatchObject({ name: 'FetchReply' })
    expect(performance.now() - started).toBeGreaterThan(400)
    fetchOne(client, 5, 0)
    expect(await client.nextFrame()).toMatchObject({ fields: { correlation: 5, error: { code: 'THROTTLED' } } })
    const path = '/topics/flights/partitions/0/records'
    expect((await call('GET', path, 'a')).body).toMatchObject({ code: 'THROTTLED' })
    expect((await call('GET', path, 'b')).status).toBe(200)
  })
})

describe('requests, connections, subscriptions and topics', () => {
  it('requests are counted at every door', async () => {
    tables.quota({ clientId: '*' }, { requestsPerSecond: 1 })
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('GET', '/topics', 'a')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429])
    expect((await fetch(`${fixture.url}/healthz`, { headers: { 'tailrace-client-id': 'a' } })).status).toBe(200)
  })

  it('connections: one more is refused before it is a WebSocket', async () => {
    tables.quota({ clientId: '*' }, { connections: 1 })
    const first = await connect('a')
    await expect(connect('a')).rejects.toThrow(/429/)
    await connect('b')
    first.socket.terminate()
    await first.closed
    await expect.poll(() => connect('a').then(() => 'open', String)).toBe('open')
  })

  describe('connections over HTTP', () => {
    const agents: Agent[] = []
    afterEach(() => {
      for (const agent of agents.splice(0)) agent.destroy()
    })
    /** Requests of a client that has one connection. */
    const connection = (clientId: string, path = '/topics') => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      agents.push(agent)
      const ask = (to = path, headers: Record<string, string> = { 'tailrace-client-id': clientId }) =>
        new Promise<[status: number, code: unknown, connection: string | undefined]>((resolve, reject) => {
          get(fixture.url + to, { agent, headers }, (response) => {
            const pieces: Buffer[] = []
            response.on('data', (piece: Buffer) => pieces.push(piece))
            response.on('end', () => {
              const text = Buffer.concat(pieces).toString()
              const code = to === '/topics' ? JSON.parse(text).code : undefined
              resolve([response.statusCode!, code, response.headers.connection])
            })
          }).on('error', reject)
        })
      return { ask, close: () => agent.destroy() }
    }
    const taken = [200, undefined, 'keep-alive']
    const refused = [429, 'THROTTLED', 'close']

    it('one counts once, however many requests come on it; one more is refused and closed', async () => {
      tables.quota({ clientId: '*' }, { connections: 1 })
      const [first, second, other] = [connection('a'), connection('a'), connection('b')]
      for (let n = 0; n < 3; n++) expect(await first.ask()).toEqual(taken)
      expect(await second.ask()).toEqual(refused)
      expect(await other.ask()).toEqual(taken)
      expect(await first.ask()).toEqual(taken)
      expect(await fixture.gateway.registry.metrics()).toContain(
        'tailrace_throttled_total{kind="connections",outcome="refused"} 1',
      )
      first.close()
      await expect.poll(() => second.ask()).toEqual(taken)
    })

    it('WebSockets and HTTP connections count together', async () => {
      tables.quota({ clientId: '*' }, { connections: 1 })
      const client = await connect('a')
      const http = connection('a')
      expect(await http.ask()).toEqual(refused)
      client.socket.terminate()
      await expect.poll(() => http.ask()).toEqual(taken)
      await expect(connect('a')).rejects.toThrow(/429/)
    })

    it('one counts for the sender of its latest request', async () => {
      tables.quota({ clientId: '*' }, { connections: 1 })
      const [moving, next] = [connection('a'), connection('a')]
      expect(await moving.ask()).toEqual(taken)
      expect(await moving.ask('/topics', { 'tailrace-client-id': 'b' })).toEqual(taken)
      expect(await next.ask()).toEqual(taken)
      expect(await connection('b').ask()).toEqual(refused)
      expect(await moving.ask()).toEqual(refused)
    })

    it('a probe is not counted and always answered', async () => {
      tables.quota({ address: '*' }, { connections: 1 })
      const probe = connection('a')
      expect((await probe.ask('/healthz'))[0]).toBe(200)
      expect(await connection('b').ask()).toEqual(taken)
      expect((await probe.ask('/healthz'))[0]).toBe(200)
      expect(await probe.ask()).toEqual(refused)
    })
  })

  it('subscriptions: one more is refused', async () => {
    tables.quota({ clientId: '*' }, { subscriptions: 1 })
    const client = await connect('a')
    for (const id of [1, 2]) client.json({ op: 'subscribe', id, topic: 'flights' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 2, code: 'THROTTLED' })
    client.json({ op: 'unsubscribe', id: 1 })
    expect(await client.nextJson()).toMatchObject({ op: 'unsubscribed' })
    client.json({ op: 'subscribe', id: 3, topic: 'flights', from: 'earliest' })
    await fixture.broker.publish('flights', 0, batchOf(['y']))
    expect(await client.nextJson()).toMatchObject({ op: 'records', id: 3 })
  })

  it('topics: what was not created is not counted', async () => {
    tables.quota({ clientId: '*' }, { topicsPerHour: 1 })
    const create = (name: string) => call('POST', '/topics', 'a', { name, partitions: 1, replicas: 1 })
    expect((await create('flights')).body.code).toBe('TOPIC_EXISTS')
    expect((await create('one')).status).toBe(201)
    const { status, body } = await create('two')
    expect([status, body.code]).toEqual([429, 'THROTTLED'])
    expect(body.retryAfterMs).toBeGreaterThan(3_000_000)
  })
})

it('a client id that is none is refused', async () => {
  expect((await call('GET', '/topics', 'a b')).body).toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(connect('*')).rejects.toThrow(/400/)
})
