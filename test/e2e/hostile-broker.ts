import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import {
  encodeFrame,
  type Frame,
  FrameReader,
  type Message,
  type MessageName,
  protocolFingerprint,
} from '@tailrace/schemas'
import { HandshakeProof } from '../../broker/src/doors/peer/handshake/handshake-proof.ts'
import type { PeerIdentity } from '../../broker/src/partition/peers.ts'
import { nodeCrypto } from '../../broker/src/platform/node/crypto.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'

/** How a program that is no broker comes to the peer port. */
export interface Approach {
  readonly tls?: SecureContextOptions
  /** A key of its own, with which it goes through the handshake as far as it gets. */
  readonly key?: Uint8Array
}

/**
 * A program that is no broker and says that it is one. It sends what it likes whatever the other side answers, and
 * keeps what it is told.
 */
export class HostileBroker {
  readonly heard: Frame[] = []
  readonly closed: Promise<unknown>
  readonly #socket: Socket
  isClosed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const reader = new FrameReader({ maxFrameBytes: 2 ** 20, onFrame: (frame) => void this.heard.push(frame) })
    socket.on('data', (chunk) => reader.push(chunk))
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', resolve)).then(() => {
      this.isClosed = true
    })
  }

  /** Connects to `127.0.0.1:port`, and says hello as this broker. */
  static async dial(address: string, as: PeerIdentity, { tls, key }: Approach): Promise<HostileBroker> {
    const port = Number(address.split(':')[1])
    const socket = tls === undefined ? connect(port, '127.0.0.1') : dialTls(port, tls)
    const hostile = new HostileBroker(socket)
    await Promise.race([once(socket, tls === undefined ? 'connect' : 'secureConnect'), hostile.closed])
    await hostile.#shakeHands(as, key)
    return hostile
  }

  send<Name extends MessageName>(name: Name, fields: Message<Name>, body: readonly Uint8Array[] = []): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(encodeFrame(name, fields, body)))
  }

  /** The bytes of a frame, whatever they are. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  async #shakeHands(as: PeerIdentity, key: Uint8Array | undefined): Promise<void> {
    const identity = { ...as, proved: undefined }
    const hello = { protocol: 2, schemas: protocolFingerprint, ...identity }
    if (key === undefined) this.send('Hello', hello)
    else {
      const proof = new HandshakeProof('dialler', { crypto: nodeCrypto, random: nodeRandom, keys: [key] })
      this.send('Challenge', { protocol: 3 }, proof.ask())
      await this.#next(1)
      this.send('Hello', { ...hello, protocol: 3 }, [proof.prove({ ...hello, protocol: 3 })])
    }
    await this.#next(key === undefined ? 1 : 2)
    this.send('HelloReply', { ...identity, protocolJson: '', error: null })
  }

  /** Until so many frames have come, or the connection is closed. */
  async #next(frames: number): Promise<void> {
    while (this.heard.length < frames && !this.isClosed) await new Promise((done) => setTimeout(done, 5))
  }
}

function dialTls(port: number, tls: SecureContextOptions): Socket {
  return connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...tls })
}

/** A listener that says that it is a broker, and counts the connections to it. */
export async function listenAsBroker(): Promise<{ server: Server; address: string; frames: Frame[] }> {
  const frames: Frame[] = []
  const server = createServer((socket) => {
    const reader = new FrameReader({ maxFrameBytes: 2 ** 20, onFrame: (frame) => void frames.push(frame) })
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk)
      } catch {
        socket.destroy()
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}`, frames }
}
