import { afterEach, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { openSocket } from './node.ts'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A socket to a server of this test, and what became of it. */
async function opened(maxMessageBytes = 100_000) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  closing.push(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve))
  const messages: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  let heard = (): void => {}
  const { port } = server.address() as { port: number }
  const socket = openSocket(
    `ws://127.0.0.1:${port}`,
    { connectTimeoutMs: 1000, maxMessageBytes },
    {
      message: (bytes) => {
        messages.push(new TextDecoder().decode(bytes))
        heard()
      },
      closed: resolve,
    },
  )
  const peer = await accepted
  closing.push(() => peer.terminate())
  const next = () => new Promise<void>((done) => (heard = done))
  return { socket, peer, messages, closed, next }
}

it('brings binary messages, and no others, in order', async () => {
  const { peer, messages, next } = await opened()
  const arrived = next()
  peer.send('a text')
  peer.send(Buffer.from('one'))
  await arrived
  const again = next()
  peer.send(Buffer.from('two'))
  await again
  expect(messages).toEqual(['one', 'two'])
})

it.each([
  ['small', ['a', 'b']],
  ['large', ['a'.repeat(3000), 'b'.repeat(3000), 'c']],
  ['single', ['a'.repeat(9000)]],
])('%s pieces leave as one binary message', async (_, pieces) => {
  const { socket, peer } = await opened()
  // The server sees the connection before this end does.
  const first = new Promise<[Buffer, boolean]>((resolve) =>
    peer.once('message', (data, isBinary) => resolve([data as Buffer, isBinary])),
  )
  const opening = new Promise((resolve) => peer.once('pong', resolve))
  peer.ping()
  await opening
  socket.send(pieces.map((piece) => new TextEncoder().encode(piece)))
  const [data, isBinary] = await first
  expect([data.toString(), isBinary]).toEqual([pieces.join(''), true])
})

it('reports why it was closed: the text of the other end, its code, or what was wrong with a message', async () => {
  const [told, silent, large] = [await opened(), await opened(), await opened(10)]
  told.peer.close(4000, 'enough')
  expect(await told.closed).toBe('enough')
  silent.peer.close(4001)
  expect(await silent.closed).toBe('WebSocket close code 4001')
  large.peer.send(Buffer.alloc(11))
  expect(await large.closed).toMatch(/payload size/i)
  expect(large.messages).toEqual([])
})

it('is closed by its own end, also where the other does not answer', async () => {
  const { socket, peer, closed } = await opened()
  peer.pause()
  socket.close()
  expect(await closed).not.toBe('')
  socket.close()
  socket.send([new Uint8Array(1)])
  expect(socket.bufferedBytes).toBe(0)
})
