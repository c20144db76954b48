import { createServer, connect as dial, type Socket } from 'node:net'
import { TailraceError } from '@tailrace/schemas'
import { formatAddress, parseAddress } from '../address.ts'
import type { ByteStream, Listener, Network } from '../network.ts'
import { SocketStream } from './socket-stream.ts'

/** The kernel looks after links that are silent for this long; the peer protocol has its own, quicker probe. */
const KEEP_ALIVE_MS = 10_000

/** TCP. Addresses are `host:port`, names are resolved by the operating system. */
export const nodeNetwork: Network = { listen, connect }

/** @throws TailraceError INVALID_SETTING: malformed, taken, or not an address of this machine */
async function listen(address: string, onStream: (stream: ByteStream) => void): Promise<Listener> {
  const { host, port } = parseAddress(address)
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  server.on('connection', (socket: Socket) => onStream(new SocketStream(socket)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new TailraceError('INVALID_SETTING', `Cannot listen on ${address}: ${error.message}.`, { cause: error }))
    })
    server.listen({ host, port, exclusive: true }, resolve)
  })
  // Running out of file descriptors fails single accepts, not the listener.
  server.on('error', () => {})
  const bound = server.address()
  const real = typeof bound === 'object' && bound !== null ? bound.port : port
  return {
    address: formatAddress({ host, port: real }),
    // The port is free at once; the callback of close() would wait for the accepted streams, which belong to their
    // owners.
    close: async () => void server.close(),
  }
}

/** @throws TailraceError CONNECTION_LOST: refused, unreachable or no answer in time; INVALID_SETTING: malformed */
async function connect(address: string, timeoutMs: number): Promise<ByteStream> {
  const { host, port } = parseAddress(address)
  const socket = dial({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new TailraceError('CONNECTION_LOST', `Cannot connect to ${address}: ${why}.`, { cause }))
    }
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    socket.on('error', (error) => fail(error.message, error))
    socket.once('connect', () => {
      clearTimeout(timer)
      // The stream listens for errors itself from this very turn on.
      socket.removeAllListeners('error')
      resolve(new SocketStream(socket))
    })
  })
}
