import { once } from 'node:events'
import { createServer as createPlainServer, type Server as PlainServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { parseAddress } from '../address.ts'
import { nodeClock } from './clock.ts'
import { createHttpClient } from './http-client.ts'
import type { HttpTls } from './http-exchange.ts'
import { createMessageSockets } from './message-sockets.ts'
import { CertificateFolder } from './tls/testing/certificate-folder.ts'

let folder: CertificateFolder
beforeAll(async () => {
  folder = await CertificateFolder.create()
})
afterAll(() => folder.remove())
const servers: (Server | PlainServer)[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(server: Server | PlainServer): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers with the certificate of the client, and the number of the connection. */
async function secure(names = ['localhost'], addresses = ['127.0.0.1']): Promise<string> {
  const issued = await folder.server(names, addresses)
  const numbers = new Map<unknown, number>()
  const options = { ...issued, ca: folder.authority.cert, requestCert: true, rejectUnauthorized: false }
  const server = createServer(options, ({ socket }, response) => {
    if (!numbers.has(socket)) numbers.set(socket, numbers.size + 1)
    const client = (socket as TLSSocket).getPeerX509Certificate()?.subject ?? 'nobody'
    response.end(JSON.stringify([client, numbers.get(socket)]))
  })
  new WebSocketServer({ server }).on('connection', (socket) => socket.send(Buffer.from('hello')))
  return listen(server)
}

const ask = (client: ReturnType<typeof createHttpClient>, address: string, timeoutMs = 2000) =>
  client.request('POST', address, '/x', { a: 1 }, timeoutMs)
const direct = { clock: nodeClock, dial: null }
const trusting = (more: HttpTls = {}): HttpTls => ({ ca: folder.authority.cert, ...more })

test('requests go through TLS, with the certificate of the moment, and keep their connection as long', async () => {
  const address = await secure()
  let tls = trusting()
  const client = createHttpClient({ ...direct, tls: () => tls })
  expect([await ask(client, address), await ask(client, address)]).toEqual([
    ['nobody', 1],
    ['nobody', 1],
  ])
  tls = trusting(await folder.client('cascade-101'))
  expect([await ask(client, address), await ask(client, address)]).toEqual([
    ['CN=cascade-101', 2],
    ['CN=cascade-101', 2],
  ])
})

test('requests go to no other host than the certificate names', async () => {
  const address = await secure(['other.example'], [])
  await expect(ask(createHttpClient({ ...direct, tls: trusting }), address)).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringMatching(/^127.0.0.1:\d+: .*another name/),
  })
  const named = createHttpClient({ ...direct, tls: () => trusting({ serverName: 'other.example' }) })
  expect(await ask(named, address)).toEqual(['nobody', 1])
  await expect(ask(createHttpClient({ ...direct, tls: () => ({}) }), address)).rejects.toMatchObject({
    code: 'TLS_FAILED',
  })
})

test('requests without TLS, and what can go wrong with them', async () => {
  const address = await listen(
    createPlainServer((request, response) => {
      if (request.url === '/silent') return
      request.on('data', (body) => response.end(body))
    }),
  )
  const client = createHttpClient(direct)
  expect(await ask(client, address)).toEqual({ a: 1 })
  const silent = client.request('GET', address, '/silent', undefined, 50)
  await expect(silent).rejects.toMatchObject({ code: 'TIMED_OUT' })
  await expect(ask(client, '127.0.0.1:1')).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await expect(ask(createHttpClient({ ...direct, tls: trusting }), address)).rejects.toMatchObject({ code: 'TLS_OFF' })
})

test('messages go through TLS; a refusal is the error of the broker', async () => {
  const limits = { timeoutMs: 2000, maxMessageBytes: 1000 }
  const sockets = createMessageSockets({ ...direct, tls: trusting })
  const socket = await sockets.connect(await secure(), '/stream', limits)
  expect(new TextDecoder().decode(await new Promise((resolve) => (socket.onMessage = resolve)))).toBe('hello')
  socket.destroy()
  const answers = [{ code: 'TLS_REQUIRED', message: 'Use TLS.' }, 'no broker']
  const plain = await listen(
    createPlainServer((_request, response) => void response.writeHead(400).end(JSON.stringify(answers.shift()))),
  )
  await expect(sockets.connect(plain, '/stream', limits)).rejects.toMatchObject({ code: 'TLS_OFF' })
  const open = () => createMessageSockets(direct).connect(plain, '/stream', limits)
  await expect(open()).rejects.toMatchObject({ code: 'TLS_REQUIRED', message: 'Use TLS.' })
  await expect(open()).rejects.toThrow('it answers with status 400')
  const other = await secure(['other.example'], [])
  await expect(sockets.connect(other, '/stream', limits)).rejects.toMatchObject({ code: 'TLS_FAILED' })
})

test('connections that are dialled by another carry requests and messages, with TLS and without', async () => {
  const dialled: string[] = []
  const dial = (address: string): Duplex => {
    dialled.push(address)
    const { host, port } = parseAddress(address)
    return connect({ host, port })
  }
  const tls = trusting()
  const over = { clock: nodeClock, dial, tls: () => tls }
  const limits = { timeoutMs: 2000, maxMessageBytes: 1000 }
  const address = await secure()
  const client = createHttpClient(over)
  expect([await ask(client, address), await ask(client, address)]).toEqual([
    ['nobody', 1],
    ['nobody', 1],
  ])
  const socket = await createMessageSockets(over).connect(address, '/stream', limits)
  expect(new TextDecoder().decode(await new Promise((resolve) => (socket.onMessage = resolve)))).toBe('hello')
  socket.destroy()
  const other = await secure(['other.example'], [])
  await expect(ask(client, other)).rejects.toMatchObject({ code: 'TLS_FAILED' })
  await expect(createMessageSockets(over).connect(other, '/stream', limits)).rejects.toMatchObject({
    code: 'TLS_FAILED',
  })
  const plain = await listen(createPlainServer((asked, answer) => asked.on('data', (body) => answer.end(body))))
  expect(await ask(createHttpClient({ clock: nodeClock, dial }), plain)).toEqual({ a: 1 })
  expect(dialled).toEqual([address, address, other, other, plain])
})

test('a broker that does not answer is given up in time, dialled by another or not', async () => {
  const address = await listen(createPlainServer().on('upgrade', () => {}))
  const limits = { timeoutMs: 50, maxMessageBytes: 1000 }
  const { host, port } = parseAddress(address)
  const never = (): Duplex => new Duplex({ construct: () => {} })
  const all = [direct, { ...direct, dial: () => connect({ host, port }) }, { ...direct, dial: never }]
  for (const parts of [...all, { ...direct, dial: never, tls: trusting }])
    await expect(createMessageSockets(parts).connect(address, '/stream', limits)).rejects.toThrow(
      'no answer within 50 ms',
    )
})
