import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../../testing/logger.ts'
import { nodeClock } from '../clock.ts'
import type { Issued } from './issue-certificates.ts'
import { CertificateFolder } from './testing/certificate-folder.ts'
import { createTlsPort, type TlsPortOptions } from './tls-port.ts'
import { noTlsStats } from './tls-stats.ts'
import { WatchedCertificates } from './watched-certificates.ts'

let folder: CertificateFolder
let stranger: Issued
beforeAll(async () => {
  folder = await CertificateFolder.create()
  const other = await CertificateFolder.create()
  stranger = await other.client('mallory')
  await other.remove()
})
afterAll(() => folder.remove())

const open: { destroy(): unknown }[] = []
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  for (const close of closing.splice(0)) await close()
})

/** A server that answers each piece with "echo " and the piece, behind a TLS port. */
async function listening(options: Partial<TlsPortOptions> = {}) {
  const certificates = await WatchedCertificates.open(folder.files, { clock: nodeClock, log: silentLogger })
  const stats = noTlsStats()
  const full: TlsPortOptions = {
    mode: 'required',
    minVersion: '1.3',
    clientCertificates: 'off',
    protocols: [],
    maxUnfinished: 3,
    handshakeTimeoutMs: 5_000,
    ...options,
  }
  const port = createTlsPort(full, certificates, nodeClock, stats)
  const served: Socket[] = []
  const accepted: Socket[] = []
  const server: Server = createServer()
  server.on('connection', (socket) => {
    served.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => socket.write(`echo ${bytes}`))
  })
  port.guard(server, {
    plain: (socket) => void socket.write('plain'),
    certificate: (socket, reason) => void socket.write(reason),
  })
  server.on('connection', (socket) => accepted.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    port.close()
    certificates.close()
    for (const socket of accepted) socket.destroy()
    server.close()
  })
  return { port, server, stats, certificates, served, accepted, number: (server.address() as AddressInfo).port }
}

function plain(number: number, sent = ''): Socket {
  const socket = connect(number, '127.0.0.1')
  open.push(socket)
  socket.on('error', () => {})
  if (sent !== '') socket.write(sent)
  return socket
}

function secure(number: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connectTls({ port: number, host: '127.0.0.1', ca: folder.authority.cert, ...options })
  open.push(socket)
  socket.on('error', () => {})
  return socket
}

/** All bytes until the connection ends, or the first of them where it stays open. */
async function answerOf(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString()
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return answerOf(socket)
}

test('TLS and plain connections share a port where both are allowed, and no byte is lost', async () => {
  const { number, stats, served, accepted, port } = await listening({ mode: 'allowed' })
  expect(await ask(plain(number), 'hello')).toBe('echo hello')
  expect(await ask(secure(number), 'hello')).toBe('echo hello')
  // The first byte of a handshake comes alone.
  const raw = plain(number, '\x16')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(stats).toMatchObject({ handshakes: 1, unfinished: 1, plainRefused: 0 })
  expect(served.map((socket) => accepted.indexOf(port.carrier(socket)))).toEqual([0, 1])
  raw.destroy()
  await expect.poll(() => stats.unfinished).toBe(0)
})

test('a plain connection is told and closed where TLS is required, whatever it goes on to send', async () => {
  const { number, stats, served } = await listening()
  const socket = plain(number, 'GET / HTTP/1.1\r\n')
  const answer = answerOf(socket)
  socket.write(Buffer.alloc(300_000))
  expect(await answer).toBe('plain')
  socket.end()
  await once(socket, 'close')
  expect([served.length, stats.plainRefused]).toEqual([0, 1])
})

test('a session is resumed, and not any more after the certificates have changed', async () => {
  const { number, stats, certificates } = await listening()
  const first = secure(number)
  const session = once(first, 'session') as Promise<[Buffer]>
  await ask(first, 'a')
  const resumed = secure(number, { session: (await session)[0] })
  await ask(resumed, 'b')
  expect([resumed.isSessionReused(), stats.resumed]).toEqual([true, 1])
  const before = first.getPeerX509Certificate()!.serialNumber
  await folder.renew()
  await certificates.reload()
  const later = secure(number, { session: (await session)[0] })
  expect(await ask(later, 'c')).toBe('echo c')
  expect([later.isSessionReused(), stats.resumed, stats.handshakes]).toEqual([false, 1, 3])
  expect(later.getPeerX509Certificate()!.serialNumber).not.toBe(before)
  // The connections of before live on.
  expect(await ask(first, 'd')).toBe('echo d')
})

test.each(['1.3', '1.2'] as const)('client certificates in TLS %s: off, asked, required', async (minVersion) => {
  const alice = await folder.client('alice')
  const expired = await folder.client('old', -0.01)
  const maxVersion = `TLSv${minVersion}` as const
  const outcome = async (clientCertificates: 'off' | 'asked' | 'required', shown: Issued | null) => {
    const { number, port, served } = await listening({ clientCertificates, minVersion })
    const answer = await ask(secure(number, { ...shown, maxVersion }), 'x')
    const subject = served.length === 0 ? 'refused' : (port.certificateOf(served[0]!)?.subject ?? 'none')
    return `${subject}: ${answer}`
  }
  expect(await outcome('off', alice)).toBe('none: echo x')
  expect(await outcome('asked', null)).toBe('none: echo x')
  expect(await outcome('asked', alice)).toBe('CN=alice: echo x')
  expect(await outcome('asked', stranger)).toMatch(/^refused: the client certificate is not trusted \(UNABLE_/)
  expect(await outcome('required', alice)).toBe('CN=alice: echo x')
  expect(await outcome('required', null)).toBe('refused: this port asks for a client certificate')
  expect(await outcome('required', stranger)).toMatch(/^refused: the client certificate is not trusted/)
  expect(await outcome('required', expired)).toMatch(/^refused: the client certificate has expired/)
})

test('older versions of TLS are refused', async () => {
  const { number, stats } = await listening({ minVersion: '1.3' })
  const [error] = (await once(secure(number, { maxVersion: 'TLSv1.2' }), 'error')) as [Error & { code: string }]
  expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  await expect.poll(() => stats.failed).toBe(1)
})

test('connections that do not get on with their handshake are bounded in number and time', async () => {
  const { number, stats, accepted } = await listening({ handshakeTimeoutMs: 300 })
  const slow = ['', '\x16', '\x16\x03', '\x16\x03\x01\x02\x00'].map((sent) => plain(number, sent))
  const ends = slow.map((socket) => once(socket.resume(), 'close'))
  // The oldest makes room for the fourth, the next for one that gets on.
  await ends[0]
  expect(await ask(secure(number), 'x')).toBe('echo x')
  await Promise.all(ends)
  await expect.poll(() => [stats.unfinished, accepted.filter((socket) => !socket.destroyed).length]).toEqual([0, 1])
})

test('garbage in a handshake costs the connection alone', async () => {
  const { number, stats } = await listening()
  const socket = plain(number, `\x16\x03\x01\x00\x05${'x'.repeat(5)}`)
  await once(socket.resume(), 'close')
  expect(stats).toMatchObject({ failed: 1, unfinished: 0 })
  expect(await ask(secure(number), 'x')).toBe('echo x')
})

test('a port that closes drops those that wait, and leaves the others to their owner', async () => {
  const { number, port, stats } = await listening()
  const inside = secure(number)
  await ask(inside, 'x')
  const waiting = plain(number, '\x16')
  await expect.poll(() => stats.unfinished).toBe(1)
  port.close()
  await once(waiting.resume(), 'close')
  await once(plain(number, 'late').resume(), 'close')
  expect(await ask(inside, 'y')).toBe('echo y')
})
