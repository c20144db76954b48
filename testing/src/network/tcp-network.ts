import { connect, type Socket } from 'node:net'
import { type ByteStream, type Clock, type Network, parseAddress, SocketStream, TailraceError } from 'tailrace/embedded'
import { CutStream } from './cut-stream.ts'
import type { HeldPort } from './held-port.ts'
import type { ClusterNetwork } from './wiring.ts'

interface Connection {
  readonly from: string
  readonly to: string
  readonly stream: CutStream
}

/**
 * TCP on 127.0.0.1 between the brokers of a test cluster. All connections begin in this process, so that the end which
 * opens one knows both machines, and cuts both directions.
 */
export class TcpNetwork implements ClusterNetwork {
  readonly #clock: Clock
  /** By the address, those for clients too: cascade brokers use them. */
  readonly #ports = new Map<string, { readonly host: string; readonly port: HeldPort }>()
  readonly #cut = new Set<string>()
  readonly #connections = new Set<Connection>()
  /** Opened by others, by the machine that has taken them. */
  readonly #taken = new Map<string, Set<SocketStream>>()
  /** Connections that wait for their link to be whole. */
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on this port leads to this machine. */
  add(host: string, port: HeldPort): void {
    this.#ports.set(port.address, { host, port })
  }

  host(host: string): Network {
    return {
      listen: async (address, onStream) => this.#listen(host, address, onStream),
      connect: (address, timeoutMs) => this.connect(host, address, timeoutMs),
    }
  }

  cut(from: string, to: string): void {
    this.#cut.add(way(from, to))
    this.#look(from, to)
  }

  heal(from: string, to: string): void {
    if (!this.#cut.delete(way(from, to))) return
    this.#look(from, to)
    for (const again of [...this.#waiting]) again()
  }

  kill(host: string): void {
    for (const { from, stream } of this.#connections) {
      if (from !== host) continue
      stream.silence()
      stream.destroy()
    }
    for (const stream of this.#taken.get(host) ?? []) {
      Object.assign(stream, { onData: nothing, onClose: nothing, onDrain: nothing })
      stream.destroy()
    }
    for (const { host: owner, port } of this.#ports.values()) if (owner === host) port.detach()
  }

  /**
   * @throws TailraceError CONNECTION_LOST: refused, or no answer in time, as while the link is cut; INVALID_SETTING:
   * malformed
   */
  async connect(from: string, address: string, timeoutMs: number): Promise<CutStream> {
    const place = parseAddress(address)
    const target = this.#ports.get(address)
    const to = target?.host ?? address
    const isCut = (): boolean => this.#cut.has(way(from, to)) || this.#cut.has(way(to, from))
    const socket = await new Promise<Socket>((resolve, reject) => {
      let dialled: Socket | undefined
      const fail = (why: string): void => {
        end()
        dialled?.destroy()
        reject(new TailraceError('CONNECTION_LOST', `Cannot connect to ${address}: ${why}.`))
      }
      const timer = this.#clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`))
      const attempt = (): void => {
        if (isCut()) return
        this.#waiting.delete(attempt)
        if (target?.port.isTaken === false) return void fail('refused')
        const socket = connect({ ...place, noDelay: true })
        dialled = socket
        socket.once('error', ({ message }) => fail(message))
        socket.once('connect', () => {
          end()
          socket.removeAllListeners('error')
          resolve(socket)
        })
      }
      const end = (): void => {
        timer.cancel()
        this.#waiting.delete(attempt)
      }
      this.#waiting.add(attempt)
      attempt()
    })
    return this.#connected(from, to, socket)
  }

  #connected(from: string, to: string, socket: Socket): CutStream {
    const [outward, inward] = [() => this.#cut.has(way(from, to)), () => this.#cut.has(way(to, from))]
    const stream = new CutStream(socket, { outward, inward }, () => this.#connections.delete(connection))
    const connection = { from, to, stream }
    this.#connections.add(connection)
    return stream
  }

  #listen(host: string, address: string, onStream: (stream: ByteStream) => void) {
    const port = this.#ports.get(address)?.port
    if (port === undefined) throw new TailraceError('INVALID_SETTING', `${address} is not an address of ${host}.`)
    if (port.isTaken) throw new TailraceError('INVALID_SETTING', `The address ${address} is taken.`)
    const taken = new Set<SocketStream>()
    this.#taken.set(host, taken)
    port.attach((socket) => {
      const stream = new SocketStream(socket)
      taken.add(stream)
      socket.once('close', () => taken.delete(stream))
      onStream(stream)
    })
    return { address, close: async () => port.attach(null) }
  }

  #look(from: string, to: string): void {
    for (const { from: one, to: other, stream } of this.#connections)
      if ((one === from && other === to) || (one === to && other === from)) stream.look()
  }
}

function way(from: string, to: string): string {
  return `${from} > ${to}`
}

function nothing(): void {}
