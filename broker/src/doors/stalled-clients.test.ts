import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Compression } from '@tailrace/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import type { GatewayLimits } from './limits/limits.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

let fixture: Fixture
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await fixture.gateway.close()
})

async function start(limits: Partial<GatewayLimits>): Promise<void> {
  fixture = await startGateway(nodeClock, nodeRandom, limits)
}

/** A client that sends this and nothing more. */
async function stall(...pieces: (string | Uint8Array)[]): Promise<Socket> {
  const [host, port] = fixture.address.split(':')
  const socket = connect(Number(port), host)
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const piece of pieces) socket.write(piece)
  return socket
}

async function held(what: 'received' | 'answers'): Promise<number> {
  const text = await fixture.gateway.registry.metrics()
  return Number(new RegExp(`^tailrace_client_held_bytes{what="${what}"} (\\d+)$`, 'm').exec(text)![1])
}

async function publish(): Promise<number> {
  const response = await fetch(`${fixture.url}/topics/flights/records`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records: [{ value: 'x'.repeat(1000) }] }),
  })
  await response.arrayBuffer()
  return response.status
}

const post = 'POST /topics/flights/records HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'
const upgrade =
  'GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
/** A masked binary frame of WebSocket: its head, which claims `bytes`, and the mask. */
function frameHead(bytes: number, final = true): Buffer {
  const head = Buffer.from([final ? 0x82 : 0x02, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return head
}

test('bodies count by the bytes that have come, and slow ones take no place of those that are whole', async () => {
  await start({ maxRequests: 4, maxReceiveBytes: 1_000_000, maxBodyBytes: 500_000 })
  for (let n = 0; n < 40; n++) await stall(`${post}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`)
  for (let n = 0; n < 40; n++) await stall(`${post}content-length: 400000\r\n\r\n{`)
  await expect.poll(() => held('received')).toBeGreaterThan(80)
  expect(await held('received')).toBeLessThan(40_000)
  for (let n = 0; n < 5; n++) expect(await publish()).toBe(200)
})

test('a body in as many pieces as bytes counts the cost of the pieces', async () => {
  await start({ maxReceiveBytes: 500_000, stallGraceMs: 60_000 })
  await stall(`${post}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'.repeat(1000))
  await expect.poll(() => held('received')).toBe(129 * 1000)
})

test('long polls take no place of other requests, and beyond their own limit the oldest is answered early', async () => {
  await start({ maxRequests: 4, maxWaitingReads: 10 })
  const answers: unknown[] = []
  const poll = async () => {
    const url = `${fixture.url}/topics/flights/partitions/0/records?offset=0&waitMs=20000`
    answers.push(await (await fetch(url)).json())
  }
  const { waiting } = fixture.broker.topics.get('flights')!.partitions[0]!
  const come = vi.spyOn(fixture.broker, 'topicIdOf')
  const polls = []
  for (let n = 1; n <= 15; n++) {
    polls.push(poll())
    await expect.poll(() => [come.mock.calls.length, answers.length]).toEqual([n, Math.max(0, n - 10)])
  }
  expect(answers).toEqual(
    new Array(5).fill({ records: [], nextOffset: 0, highWatermark: 0, topicId: expect.any(String) }),
  )
  // One read for the ten that wait.
  expect(waiting.size).toBe(1)
  expect(await publish()).toBe(200)
  await fixture.broker.publish('flights', 0, batchOf(['news']))
  await Promise.all(polls)
})

test('every route with a body counts it, those included that are always answered', async () => {
  await start({ maxReceiveBytes: 1_000_000, stallGraceMs: 60_000 })
  const { paths } = (await (await fetch(`${fixture.url}/openapi.json`)).json()) as { paths: Record<string, object> }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{[a-z]+\}/g, '1')] as const),
  )
  expect(routes).toContainEqual(['PUT', '/cascade/brokers/1/source'])
  const all = [
    ...routes,
    ['POST', '/cascade/beat'],
    ['POST', '/nowhere'],
    ['DELETE', '/topics/flights'],
    ['PUT', '/stream'],
  ] as const
  for (const [method, path] of all) {
    const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`
    const socket = await stall(`${head}content-length: 400000\r\n\r\n`, Buffer.alloc(300_000, 0x20))
    if (method === 'GET' || method === 'HEAD') await once(socket, 'data')
    else await expect.poll(() => held('received'), { message: `${method} ${path}` }).toBeGreaterThan(300_000)
    socket.destroy()
    await expect.poll(() => held('received'), { message: `${method} ${path} ends` }).toBe(0)
  }
})

const unfinished: [string, (bytes: number) => Promise<Socket>][] = [
  ['HTTP bodies', (bytes) => stall(`${post}content-length: ${bytes + 1}\r\n\r\n`, Buffer.alloc(bytes, 0x20))],
  ['WebSocket messages', (bytes) => stall(upgrade, frameHead(bytes + 1), Buffer.alloc(bytes))],
  ['fragments of WebSocket messages', (bytes) => stall(upgrade, frameHead(bytes, false), Buffer.alloc(bytes))],
]

test.each(unfinished)('%s that stall are bounded in sum, and make room for those that do not', async (_, send) => {
  await start({ maxReceiveBytes: 1_000_000, stallGraceMs: 300 })
  for (let n = 0; n < 20; n++) await send(200_000)
  await expect.poll(() => held('received')).toBeGreaterThan(300_000)
  expect(await held('received')).toBeLessThan(1_100_000)
  await expect.poll(publish).toBe(200)
})

test.each(unfinished)('%s that are not whole in time are ended', async (_, send) => {
  await start({ receiveTimeoutMs: 600 })
  const socket = await send(50_000)
  let answer = ''
  socket.on('data', (data) => (answer += data.toString('latin1')))
  await expect.poll(() => held('received')).toBeGreaterThan(50_000)
  await once(socket, 'close')
  expect(answer).toContain('TIMED_OUT')
  expect(await held('received')).toBe(0)
})

test('whole messages on a WebSocket leave nothing counted, however they are cut', async () => {
  await start({})
  const client = await new Client(fixture.address).open()
  const batch = batchOf(['x'.repeat(100_000)])
  for (let correlation = 0; correlation < 20; correlation++) {
    client.frame('Publish', { correlation, topic: 'flights', partition: 0, timeoutMs: 1000 }, [batch])
  }
  for (let n = 0; n < 20; n++) expect((await client.nextFrame()).name).toBe('PublishReply')
  expect(await held('received')).toBe(0)
  client.socket.terminate()
})

test('JSON publishes on a WebSocket count until they are acknowledged', async () => {
  await start({ maxReceiveBytes: 200_000 })
  let acknowledge = () => {}
  fixture.broker.gate = new Promise((resolve) => (acknowledge = resolve))
  const client = await new Client(fixture.address).open()
  for (const id of ['a', 'b']) {
    client.json({ op: 'publish', id, topic: 'flights', records: [{ value: 'x'.repeat(60_000) }] })
  }
  expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'b', code: 'OVERLOADED', retriable: true })
  acknowledge()
  expect(await client.nextJson()).toMatchObject({ op: 'ack', id: 'a' })
  await expect.poll(() => held('received')).toBe(0)
  client.socket.terminate()
})

test('an answer that is not read ends its connection, and others get theirs', async () => {
  const zeros = new Uint8Array(3.9 * 1024 * 1024)
  await start({ maxAnswerBytes: 20_000_000, stallGraceMs: 300, slowReaderMs: 60_000 })
  await fixture.broker.publish('flights', 0, batchOf([zeros], Compression.gzip, gzipSync))
  const path = '/topics/flights/partitions/0/records'
  const silent = await stall(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  await once(silent, 'readable')
  await expect.poll(async () => (await fetch(fixture.url + path)).status).toBe(200)
  await fixture.gateway.close()
  await start({ slowReaderMs: 500 })
  await fixture.broker.publish('flights', 0, batchOf([zeros], Compression.gzip, gzipSync))
  const another = await stall(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  await once(another, 'readable')
  expect(await held('answers')).toBeGreaterThan(10_000_000)
  await expect.poll(() => held('answers'), { timeout: 10_000 }).toBe(0)
})

test('one client address leaves a quarter of the WebSockets to others', async () => {
  await start({ maxWebSockets: 8 })
  for (let n = 0; n < 6; n++) await once(await stall(upgrade), 'data')
  const seventh = await stall(upgrade)
  expect(String((await once(seventh, 'data'))[0])).toMatch(/^HTTP\/1.1 429 /)
})

test('requests beyond the limit are refused at once, and health and other work are not', async () => {
  await start({ maxRequests: 4 })
  let acknowledge = () => {}
  fixture.broker.gate = new Promise((resolve) => (acknowledge = resolve))
  const publishes = [publish(), publish()]
  await expect.poll(() => fixture.broker.publishes).toBe(2)
  expect(await publish()).toBe(429)
  for (const path of ['/healthz', '/topics']) expect((await fetch(fixture.url + path)).status).toBe(200)
  acknowledge()
  expect(await Promise.all(publishes)).toEqual([200, 200])
})

test('long polls end when the gateway closes', async () => {
  await start({})
  const poll = (partition: number) =>
    fetch(`${fixture.url}/topics/flights/partitions/${partition}/records?waitMs=20000`)
  const polls = [poll(0), poll(1)].map((one) =>
    one.then(
      (response) => response.status,
      () => 0,
    ),
  )
  const { partitions } = fixture.broker.topics.get('flights')!
  await expect.poll(() => partitions.map(({ waiting }) => waiting.size)).toEqual([1, 1, 0])
  await fixture.gateway.close()
  expect((await Promise.all(polls)).every((code) => code !== 200)).toBe(true)
})
