import { once } from 'node:events'
import { createServer as createPlainServer, type Server as PlainServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
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
const trusting = (more: HttpTls = {}): HttpTls => ({ ca: folder.authority.cert, ...more })

test('requests go through TLS, with the certificate of the moment, and keep their connection as long', async () => {
  const address = await secure()
  let tls = trusting()
  const client = createHttpClient(() => tls)
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
  await expect(ask(createHttpClient(trusting), address)).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringMatching(/^127.0.0.1:\d+: .*another name/),
  })
  const named = createHttpClient(() => trusting({ serverName: 'other.example' }))
  expect(await ask(named, address)).toEqual(['nobody', 1])
  await expect(
    ask(
      createHttpClient(() => ({})),
      address,
    ),
  ).rejects.toMatchObject({ code: 'TLS_FAILED' })
})

test('requests without TLS, and what can go wrong with them', async () => {
  const address = await listen(
    createPlainServer((request, response) => {
      if (request.url === '/silent') return
      request.on('data', (body) => response.end(body))
    }),
  )
  const client = createHttpClient(null)
  expect(await ask(client, address)).toEqual({ a: 1 })
  const silent = client.request('GET', address, '/silent', undefined, 50)
  await expect(silent).rejects.toMatchObject({ code: 'TIMED_OUT' })
  await expect(ask(client, '127.0.0.1:1')).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await expect(ask(createHttpClient(trusting), address)).rejects.toMatchObject({ code: 'TLS_OFF' })
})

test('messages go through TLS; a refusal is the error of the broker', async () => {
  const limits = { timeoutMs: 2000, maxMessageBytes: 1000 }
  const sockets = createMessageSockets(trusting)
  const socket = await sockets.connect(await secure(), '/stream', limits)
  expect(new TextDecoder().decode(await new Promise((resolve) => (socket.onMessage = resolve)))).toBe('hello')
  socket.destroy()
  const answers = [{ code: 'TLS_REQUIRED', message: 'Use TLS.' }, 'no broker']
  const plain = await listen(
    createPlainServer((_request, response) => void response.writeHead(400).end(JSON.stringify(answers.shift()))),
  )
  await expect(sockets.connect(plain, '/stream', limits)).rejects.toMatchObject({ code: 'TLS_OFF' })
  const open = () => createMessageSockets(null).connect(plain, '/stream', limits)
  await expect(open()).rejects.toMatchObject({ code: 'TLS_REQUIRED', message: 'Use TLS.' })
  await expect(open()).rejects.toThrow('it answers with status 400')
  const other = await secure(['other.example'], [])
  await expect(sockets.connect(other, '/stream', limits)).rejects.toMatchObject({ code: 'TLS_FAILED' })
})
