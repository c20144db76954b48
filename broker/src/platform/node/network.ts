import { createServer, connect as dial, type Socket } from 'node:net'
import { TailraceError } from '@tailrace/schemas'
import { formatAddress, parseAddress } from '../address.ts'
import type { ByteStream, Listener, Network } from '../network.ts'
import type { Refusals, TlsPort } from '../tls-port.ts'
import { SocketStream } from './socket-stream.ts'
import { dialTls, mayBePlain } from './tls/dial-tls.ts'
import type { WatchedCertificates } from './tls/watched-certificates.ts'

/** The kernel looks after links that are silent for this long; the peer protocol has its own, quicker probe. */
const KEEP_ALIVE_MS = 10_000

export interface NetworkTls {
  /** `allowed`: with the brokers that have TLS, and without it with the others. */
  readonly mode: 'allowed' | 'required'
  readonly minVersion: '1.2' | '1.3'
  readonly certificates: WatchedCertificates
  /** One for each listener. */
  readonly newPort: () => TlsPort
  /** The last words to a connection that is not let in. */
  readonly refusals: Refusals
}

/** TCP, and TLS over it. Addresses are `host:port`, names are resolved by the operating system. */
export function createNetwork(tls: NetworkTls): Network {
  return {
    listen: (address, onStream) => listen(address, onStream, tls),
    async connect(address, timeoutMs) {
      const { host, port } = parseAddress(address)
      const { mode, minVersion, certificates } = tls
      const options = { host, port, timeoutMs, minVersion, keepAliveMs: KEEP_ALIVE_MS }
      try {
        return new SocketStream(await dialTls({ ...options, certificates: certificates.current }))
      } catch (error) {
        if (mode === 'allowed' && mayBePlain(error)) return connect(address, timeoutMs)
        throw error
      }
    },
  }
}

/** TCP alone. */
export const nodeNetwork: Network = {
  listen: (address, onStream) => listen(address, onStream),
  connect,
}

/** @throws TailraceError INVALID_SETTING: malformed, taken, or not an address of this machine */
async function listen(address: string, onStream: (stream: ByteStream) => void, tls?: NetworkTls): Promise<Listener> {
  const { host, port } = parseAddress(address)
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  server.on('connection', (socket: Socket) => onStream(new SocketStream(socket)))
  const door = tls?.newPort()
  if (tls !== undefined) door?.guard(server, tls.refusals)
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
    close: async () => {
      server.close()
      door?.close()
    },
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
