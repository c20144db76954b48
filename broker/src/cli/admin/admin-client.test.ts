import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Connection } from '../access/connection.ts'
import { type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { type AdminMethod, adminClient } from './admin-client.ts'

const SILENCE_MS = 100
const ending: (() => void)[] = []
afterEach(() => {
  for (const end of ending.splice(0)) end()
})

/** Takes connections as the kernel does for a process that stands still; `said` is all of its answer. */
async function silentServer(said = ''): Promise<{ address: string; requests: () => number }> {
  const sockets = new Set<Socket>()
  let requests = 0
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => {
      requests++
      socket.write(said)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ending.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests }
}

async function answering(): Promise<AnsweringServer> {
  const server = await answeringServer({ 'GET /topics': { body: { topics: [] } }, 'POST /topics': { body: {} } })
  ending.push(() => server.close())
  return server
}

function ask(method: AdminMethod, ...servers: string[]): Promise<unknown> {
  const connection = { servers, credential: null, tls: {} } as unknown as Connection
  return adminClient(async () => connection, new AbortController().signal, SILENCE_MS).request(method, '/topics')
}

test.each([
  ['nothing', ''],
  ['a part of an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a"'],
])('a broker that takes the request and says %s is lost, with what to do', async (_, said) => {
  const { address } = await silentServer(said)
  await expect(ask('GET', address)).rejects.toMatchObject({
    shape: {
      code: 'CONNECTION_LOST',
      message: `No broker answers at ${address}: it does not answer within 0.1 s.`,
      retriable: true,
      hint: expect.stringContaining('name another broker with --server'),
    },
  })
})

test('the next server is asked for a read, and not for a change, which the first may carry out later', async () => {
  const silent = await silentServer()
  const server = await answering()
  expect(await ask('GET', silent.address, `http://${server.address}`)).toEqual({ topics: [] })
  await expect(ask('POST', silent.address, `http://${server.address}`)).rejects.toMatchObject({
    shape: { code: 'CONNECTION_LOST', hint: expect.stringMatching(/^Whether the change is made is not known/) },
  })
  expect(server.asked.map(({ route }) => route)).toEqual(['GET /topics'])
  expect(silent.requests()).toBe(2)
})

test('an answer that takes longer, but goes on, is taken', async () => {
  const body = JSON.stringify({ topics: [] })
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`)
      let sent = 0
      const timer = setInterval(() => {
        socket.write(body[sent++]!)
        if (sent === body.length) clearInterval(timer)
      }, SILENCE_MS / 5)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ending.push(() => server.close())
  const { port } = server.address() as AddressInfo
  expect(await ask('GET', `http://127.0.0.1:${port}`)).toEqual({ topics: [] })
})
