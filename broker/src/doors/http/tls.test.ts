import { once } from 'node:events'
import { type RequestOptions, request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { encodeFrame } from '@tailrace/schemas'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { CertificateFolder } from '../../platform/node/tls/testing/certificate-folder.ts'
import { createTlsPort, type TlsPortOptions } from '../../platform/node/tls/tls-port.ts'
import { noTlsStats } from '../../platform/node/tls/tls-stats.ts'
import { WatchedCertificates } from '../../platform/node/tls/watched-certificates.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let folder: CertificateFolder
beforeAll(async () => {
  folder = await CertificateFolder.create()
})
afterAll(() => folder.remove())

let fixture: Fixture
let certificates: WatchedCertificates
const sockets: Socket[] = []
afterEach(async () => {
  certificates.close()
  await fixture.gateway.close()
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function start(options: Partial<TlsPortOptions> = {}, limits: Partial<GatewayLimits> = {}): Promise<number> {
  certificates = await WatchedCertificates.open(folder.files, { clock: nodeClock, log: silentLogger })
  const full: TlsPortOptions = {
    mode: 'required',
    minVersion: '1.3',
    clientCertificates: 'off',
    protocols: ['http/1.1'],
    maxUnfinished: 100,
    handshakeTimeoutMs: 5_000,
    ...options,
  }
  const port = createTlsPort(full, certificates, nodeClock, noTlsStats())
  fixture = await startGateway(nodeClock, nodeRandom, limits, undefined, {}, { tls: port })
  return Number(fixture.address.split(':')[1])
}

async function get(port: number, path: string, options: RequestOptions = {}) {
  const asked = request({ host: '127.0.0.1', port, path, ca: folder.authority.cert, agent: false, ...options }).end()
  const [response] = await once(asked, 'response')
  let text = ''
  for await (const piece of response) text += piece
  return { status: response.statusCode as number, body: JSON.parse(text) }
}

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  return socket
}

function dialTls(port: number): TLSSocket {
  const socket = connectTls({ port, host: '127.0.0.1', ca: folder.authority.cert })
  sockets.push(socket)
  socket.on('error', () => {})
  return socket
}

async function allOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes
  })
  await once(socket, 'close')
  return text
}

test('HTTP and WebSocket work through TLS, and without it on the same port where that is allowed', async () => {
  const port = await start({ mode: 'allowed' })
  expect(await get(port, '/topics/flights')).toMatchObject({ status: 200, body: { name: 'flights' } })
  expect((await fetch(`${fixture.url}/topics/flights`)).status).toBe(200)
  for (const url of [`wss://127.0.0.1:${port}/stream`, `ws://127.0.0.1:${port}/stream`]) {
    const socket = new WebSocket(url, { ca: folder.authority.cert })
    await once(socket, 'open')
    socket.send('{"op":"metadata"}')
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toBeTypeOf('object')
    socket.terminate()
  }
})

test('a plain request to a port that asks for TLS is answered, and not carried out', async () => {
  const port = await start()
  const socket = dial(port)
  socket.write('DELETE /topics/flights HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  const answer = await allOf(socket)
  expect(answer).toMatch(/^HTTP\/1.1 400 Error\r\n/)
  expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code: 'TLS_REQUIRED', retriable: false })
  expect(fixture.broker.topics.has('flights')).toBe(true)
  expect(await fixture.gateway.registry.metrics()).toContain('code="TLS_REQUIRED"')
})

test('a client without the certificate that is asked for gets an answer in HTTP', async () => {
  const port = await start({ clientCertificates: 'required' })
  expect(await get(port, '/topics')).toMatchObject({ status: 403, body: { code: 'CERTIFICATE_REFUSED' } })
  const alice = await folder.client('alice')
  expect((await get(port, '/topics', { ...alice })).status).toBe(200)
})

test('a TLS client of a plain port gets an answer in plain HTTP', async () => {
  certificates = await WatchedCertificates.open(folder.files, { clock: nodeClock, log: silentLogger })
  fixture = await startGateway(nodeClock, nodeRandom)
  const port = Number(fixture.address.split(':')[1])
  const [error] = (await once(dialTls(port), 'error')) as [Error & { code: string }]
  expect(error.code).toBe('ERR_SSL_WRONG_VERSION_NUMBER')
  const raw = dial(port)
  raw.write(Buffer.from('16030100050100000100', 'hex'))
  expect(JSON.parse((await allOf(raw)).split('\r\n\r\n')[1]!)).toMatchObject({ code: 'TLS_OFF' })
})

test('connections count from the first moment, in whatever state of their handshake', async () => {
  const port = await start({}, { maxConnections: 4 })
  const idle = dialTls(port)
  await once(idle, 'secureConnect')
  const early = [dial(port), dial(port), dial(port)]
  early[0]!.write('\x16')
  await Promise.all(early.map((socket) => once(socket, 'connect')))
  // Each new one takes the place of the oldest that has sent no request.
  const [closed, still] = [once(idle.resume(), 'close'), await get(port, '/topics')]
  await closed
  expect(still.status).toBe(200)
  const kept = dialTls(port)
  kept.write('GET /topics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  await once(kept, 'data')
  for (let n = 0; n < 8; n++) await once(dial(port), 'connect')
  expect((await get(port, '/topics')).status).toBe(200)
  expect([kept.destroyed, early.every((socket) => socket.resume().readableEnded || socket.destroyed)]).toEqual([
    false,
    true,
  ])
})

test('headers that take too long inside of TLS are cut off', async () => {
  const port = await start({}, { headersTimeoutMs: 300 })
  const socket = dialTls(port)
  socket.write('GET /topics HTTP/1.1\r\n')
  expect(await allOf(socket)).toMatch(/^HTTP\/1.1 408 .*TIMED_OUT/s)
})

test('closing the gateway ends connections in every state', async () => {
  const port = await start({ mode: 'allowed' })
  const [silent, begun, idle, asked] = [dial(port), dial(port), dialTls(port), dialTls(port)]
  begun.write('\x16\x03')
  asked.write('GET /topics/flights/partitions/0/records?waitMs=20000 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  await once(idle, 'secureConnect')
  await expect.poll(() => fixture.broker.topics.get('flights')!.partitions[0]!.waiting.size).toBe(1)
  const ends = [silent, begun, idle, asked].map((socket) => allOf(socket))
  await fixture.gateway.close()
  expect((await Promise.all(ends)).map((text) => text.slice(0, 8))).toEqual(['', '', '', 'HTTP/1.1'])
})

test.each<[string, (raw: Socket) => unknown]>([
  ['ends', (raw) => raw.destroy()],
  ['resets', (raw) => raw.resetAndDestroy()],
])('the coordinator is told of a member whose machine %s a connection with TLS', async (_, end) => {
  const raw = dial(await start())
  const createConnection = () => connectTls({ socket: raw, ca: folder.authority.cert, host: '127.0.0.1' })
  const socket = new WebSocket(`wss://${fixture.address}/stream`, { createConnection })
  socket.on('error', () => {})
  await once(socket, 'open')
  const common = { clientId: '', instance: '', rack: '', sessionMs: 10_000, waitMs: 0, owned: [], stuck: [] }
  const request = { 'tailrace.groups.Beat': { epoch: 7, ...common, subscribed: null, number: 1 } }
  socket.send(Buffer.concat(encodeFrame('ConsumerGroup', { correlation: 1, group: 'g', member: 'm', request })))
  await once(socket, 'message')
  end(raw)
  const epochs = () => fixture.consumerGroups.asked.map(({ request }) => (request as ConsumerGroupBeat).epoch)
  await expect.poll(epochs).toEqual([7, -3])
})
