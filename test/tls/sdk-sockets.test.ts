import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TailraceError } from '@tailrace/schemas'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { CertificateFolder } from '../../broker/src/platform/node/tls/testing/certificate-folder.ts'
import { Client } from '../../client/src/client.ts'
import { sendHttp } from '../../client/src/http/node.ts'
import * as browser from '../../client/src/socket/browser.ts'
import { openSocket, prepareTls } from '../../client/src/socket/node.ts'
import { machine } from '../../client/src/surroundings.ts'

let folder: CertificateFolder
beforeAll(async () => {
  folder = await CertificateFolder.create()
})
afterAll(() => folder.remove())
const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A TLS server that greets with the name that a client asked for, its certificate, and whether its session is new. */
async function listening(names: string[], addresses: string[], minVersion?: 'TLSv1.3') {
  const issued = await folder.server(names, addresses)
  const server = createServer({
    ...issued,
    ca: folder.authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion,
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, { socket: tcp }) => {
    const tls = tcp as TLSSocket
    const subject = tls.authorized ? tls.getPeerX509Certificate()!.subject : 'nobody'
    socket.send(Buffer.from(`${tls.servername || 'no name'}, ${subject}, ${tls.isSessionReused() ? 'resumed' : 'new'}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** The greeting, or why there was none. */
function greeting(url: string, tls: ReturnType<typeof prepareTls> = prepareTls({ ca: folder.authority.cert })) {
  return new Promise<string>((resolve) => {
    const settings = { connectTimeoutMs: 2000, maxMessageBytes: 1000, tls }
    const socket = openSocket(url, settings, {
      message: (bytes) => resolve(new TextDecoder().decode(bytes)),
      closed: (reason, refusal?: TailraceError) => resolve(`${refusal?.code}: ${refusal?.message ?? reason}`),
    })
    closing.push(() => socket.destroy())
  })
}

it('names the host, which the certificate must have', async () => {
  const port = await listening(['localhost'], [])
  expect(await greeting(`wss://localhost:${port}`)).toBe('localhost, nobody, new')
  expect(await greeting(`wss://127.0.0.1:${port}`)).toMatch(/^TLS_FAILED: .*it is for another name\. .*127\.0\.0\.1/)
  const other = await listening(['elsewhere.example'], ['127.0.0.1'])
  expect(await greeting(`wss://127.0.0.1:${other}`)).toBe('no name, nobody, new')
  expect(await greeting(`wss://localhost:${other}`)).toMatch(/^TLS_FAILED: .*another name/)
  const named = prepareTls({ ca: folder.authority.cert, serverName: 'elsewhere.example' })
  expect(await greeting(`wss://127.0.0.1:${other}`, named)).toBe('elsewhere.example, nobody, new')
  expect(await greeting(`wss://127.0.0.1:${port}`, named)).toMatch(/^TLS_FAILED: .*another name/)
})

it('takes a certificate of the CAs that were given and of no other', async () => {
  const port = await listening(['localhost'], ['127.0.0.1'])
  expect(await greeting(`wss://127.0.0.1:${port}`, prepareTls(undefined))).toMatch(
    /^TLS_FAILED: .*CA is not known here/,
  )
  const stranger = await CertificateFolder.create()
  closing.push(() => stranger.remove())
  const both = stranger.authority.cert + folder.authority.cert
  expect(await greeting(`wss://127.0.0.1:${port}`, prepareTls({ ca: stranger.authority.cert }))).toMatch(/^TLS_FAILED/)
  expect(await greeting(`wss://127.0.0.1:${port}`, prepareTls({ ca: both }))).toBe('no name, nobody, new')
})

it('shows its certificate, and resumes its sessions', async () => {
  const port = await listening(['localhost'], ['127.0.0.1'], 'TLSv1.3')
  const tls = prepareTls({ ca: folder.authority.cert, ...(await folder.client('alice')) })
  expect(await greeting(`wss://127.0.0.1:${port}`, tls)).toBe('no name, CN=alice, new')
  expect(await greeting(`wss://127.0.0.1:${port}`, tls)).toBe('no name, CN=alice, resumed')
})

it('sends requests over HTTP through TLS as well, and shows a credential nowhere else', async () => {
  const seen: unknown[] = []
  const server = createServer(await folder.server(['localhost'], ['127.0.0.1']), (request, response) => {
    seen.push([request.method, request.url, request.headers.authorization, (request.socket as TLSSocket).encrypted])
    response.writeHead(201).end('made')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/topics`
  const headers = { authorization: 'Bearer secret' }
  const request = { method: 'POST', url, headers, body: '{}', timeoutMs: 5_000, surroundings: machine }
  const answer = await sendHttp({ ...request, tls: prepareTls({ ca: folder.authority.cert }) })
  expect([answer.status, answer.text]).toEqual([201, 'made'])
  expect(seen).toEqual([['POST', '/topics', 'Bearer secret', true]])
  await expect(sendHttp({ ...request, tls: prepareTls(undefined) })).rejects.toThrow('certificate')
  expect(seen).toHaveLength(1)
})

it('says when the other end has no TLS, and passes on what a broker answers in HTTP', async () => {
  const answers: (string | object)[] = [
    { code: 'TLS_REQUIRED', message: 'Use TLS.' },
    { code: 'NEWER' },
    'x'.repeat(99_999),
    '<p>',
  ]
  const server = createHttpServer((_request, response) => {
    const answer = answers.shift()
    response.writeHead(400).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await greeting(`wss://${address}`)).toMatch(/^TLS_OFF: This port takes no TLS connections/)
  expect(await greeting(`ws://${address}`)).toBe('TLS_REQUIRED: Use TLS.')
  for (let n = 0; n < 3; n++) expect(await greeting(`ws://${address}`)).toBe('undefined: it answers with status 400')
})

it.each([
  [{ ca: 'x' }, 'ca has no certificate in PEM form'],
  [{ cert: 'x' }, 'cert and key come together'],
  [{ cert: 'x', key: 'y' }, 'tls: '],
  [{ ca: 7 }, 'ca must be a text'],
  [{ hostName: 'x' }, 'hostName: there is no such setting'],
  [null, 'give an object'],
])('refuses %j', (tls, text) => {
  const refused = expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringContaining(text) })
  expect(() => new Client({ servers: ['wss://a'], tls: tls as object })).toThrow(refused)
})

it('refuses TLS that would not be used', () => {
  const refused = expect.objectContaining({ code: 'INVALID_SETTING' })
  expect(() => new Client({ servers: ['ws://a'], tls: { ca: folder.authority.cert } })).toThrow(refused)
  expect(() => browser.prepareTls({})).toThrow(refused)
  expect(browser.prepareTls(undefined)).toEqual({})
})
