import { type EventEmitter, once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection } from '../access/connection.ts'
import { type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { type AdminMethod, adminClient } from './admin-client.ts'

const SILENCE_MS = 100
const ending: (() => void)[] = []
/** Called when the client has read a part of an answer. */
let onRead: () => void

/** Silence is as long as the test says, whatever the machine has to do meanwhile. */
beforeEach(() => {
  onRead = () => {}
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { setTimeout: faked } = globalThis
  vi.stubGlobal('setTimeout', (call: () => void, ms: number) => {
    const timer = faked(call, ms)
    const refresh = timer.refresh.bind(timer)
    timer.refresh = () => {
      refresh()
      onRead()
      return timer
    }
    return timer
  })
})
afterEach(() => {
  for (const end of ending.splice(0)) end()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

interface SilentServer {
  readonly address: string
  /** Emits `request` with each. */
  readonly server: EventEmitter
}

/** Takes connections as the kernel does for a process that stands still; `said` is all of its answer. */
async function silentServer(said = ''): Promise<SilentServer> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => {
      socket.write(said)
      server.emit('request')
    })
  })
  ending.push(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { address: await listening(server), server }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ending.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function answering(): Promise<AnsweringServer> {
  const server = await answeringServer({ 'GET /topics': { body: { topics: [] } }, 'POST /topics': { body: {} } })
  ending.push(() => server.close())
  return server
}

function ask(method: AdminMethod, ...servers: string[]): Promise<unknown> {
  const connection = { servers, credential: null, tls: {} } as unknown as Connection
  const answer = adminClient(async () => connection, new AbortController().signal, SILENCE_MS).request(
    method,
    '/topics',
  )
  // The test looks at it later.
  answer.catch(() => {})
  return answer
}

test.each([
  ['nothing', ''],
  ['a part of an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a"'],
])('a broker that takes the request and says %s is lost, with what to do', async (_, said) => {
  const { address, server } = await silentServer(said)
  const read = said === '' ? Promise.resolve() : new Promise<void>((resolve) => (onRead = resolve))
  const taken = once(server, 'request')
  const answer = ask('GET', address)
  await Promise.all([taken, read])
  vi.advanceTimersByTime(SILENCE_MS)
  await expect(answer).rejects.toMatchObject({
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
  const asked = async (method: AdminMethod): Promise<unknown> => {
    const taken = once(silent.server, 'request')
    const answer = ask(method, silent.address, `http://${server.address}`)
    await taken
    vi.advanceTimersByTime(SILENCE_MS)
    return answer
  }
  expect(await asked('GET')).toEqual({ topics: [] })
  await expect(asked('POST')).rejects.toMatchObject({
    shape: { code: 'CONNECTION_LOST', hint: expect.stringMatching(/^Whether the change is made is not known/) },
  })
  expect(server.asked.map(({ route }) => route)).toEqual(['GET /topics'])
})

test('an answer that takes longer, but goes on, is taken', async () => {
  const body = JSON.stringify({ topics: [] })
  const server = createServer((socket) => {
    socket.once('data', () => {
      let sent = 0
      const next = () => {
        vi.advanceTimersByTime(SILENCE_MS - 1)
        if (sent < body.length) socket.write(body[sent++]!)
      }
      onRead = next
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body[sent++]}`)
    })
  })
  expect(await ask('GET', await listening(server))).toEqual({ topics: [] })
})
