import type { MessageSocket, MessageSockets } from '../../../broker/src/platform/message-socket.ts'
import type { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { Traffic } from './traffic.ts'

/** One end of a connection, as both ends use it. */
export interface WireEnd {
  onMessage: (bytes: Uint8Array) => void
  send(pieces: readonly Uint8Array[]): void
}

/** A machine: `crashed` ones refuse connections and end those that they have, `silent` ones do not answer. */
interface Host {
  readonly level: number
  readonly accept: (end: WireEnd) => void
  state: 'up' | 'crashed' | 'silent'
  readonly connections: Set<Connection>
}

/** Connections that a source has been asked for, with the time in microseconds. */
export interface Call {
  readonly at: number
  readonly from: string
  readonly to: string
}

/** The connections between the brokers of a tree. Each has its own delay, so that its messages keep their order. */
export class Wires {
  readonly calls: Call[] = []
  readonly #hosts = new Map<string, Host>()
  readonly #loop: EventLoop
  readonly #random: SimRandom
  readonly #traffic: Traffic

  constructor(loop: EventLoop, random: SimRandom, traffic: Traffic) {
    this.#loop = loop
    this.#random = random
    this.#traffic = traffic
  }

  host(address: string, level: number, accept: (end: WireEnd) => void): void {
    this.#hosts.set(address, { level, accept, state: 'up', connections: new Set() })
  }

  /** Another name for a machine. */
  alias(name: string, address: string): void {
    this.#hosts.set(name, this.#hosts.get(address)!)
  }

  down(address: string, state: 'crashed' | 'silent'): void {
    const host = this.#hosts.get(address)!
    host.state = state
    if (state === 'crashed') for (const connection of [...host.connections]) connection.end('reset')
  }

  /** As the broker at `from` sees the others. */
  socketsOf(from: string): MessageSockets {
    return { connect: (to, _path, { timeoutMs }) => this.#connect(from, to, timeoutMs) }
  }

  #connect(from: string, to: string, timeoutMs: number): Promise<MessageSocket> {
    this.calls.push({ at: this.#loop.now, from, to })
    const delay = this.#random.between(200, 2_000)
    const [near, far] = [this.#hosts.get(from)!, this.#hosts.get(to)]
    return new Promise((resolve, reject) => {
      const isSilent = near.state !== 'up' || far?.state === 'silent'
      this.#loop.after(isSilent ? timeoutMs * 1_000 : 2 * delay, () => {
        if (isSilent) return reject(new Error('no answer in time'))
        if (far === undefined || far.state !== 'up' || near.state !== 'up') return reject(new Error('refused'))
        const connection = new Connection(near, far, delay, this.#loop, this.#traffic)
        resolve(connection.near)
        far.accept(connection.far)
      })
    })
  }
}

class Connection {
  readonly near: MessageSocket
  readonly far: WireEnd
  readonly #hosts: readonly [Host, Host]
  readonly #delay: number
  readonly #loop: EventLoop
  readonly #traffic: Traffic
  /** What has come for the near end before it listens. */
  #early: Uint8Array[] | null = []
  #receive: (bytes: Uint8Array) => void = (bytes) => void this.#early?.push(bytes)
  #isOpen = true

  constructor(near: Host, far: Host, delay: number, loop: EventLoop, traffic: Traffic) {
    this.#hosts = [near, far]
    this.#delay = delay
    this.#loop = loop
    this.#traffic = traffic
    for (const host of this.#hosts) host.connections.add(this)
    const listen = (listener: (bytes: Uint8Array) => void): void => {
      this.#receive = listener
      for (const bytes of this.#early ?? []) listener(bytes)
      this.#early = null
    }
    this.near = {
      set onMessage(listener: (bytes: Uint8Array) => void) {
        listen(listener)
      },
      onClose: () => {},
      queuedBytes: 0,
      send: (pieces) => this.#carry('up', pieces, (bytes) => this.far.onMessage(bytes)),
      destroy: () => this.end('destroyed'),
    }
    this.far = {
      onMessage: () => {},
      send: (pieces) => this.#carry('down', pieces, (bytes) => this.#receive(bytes)),
    }
  }

  end(reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const host of this.#hosts) host.connections.delete(this)
    this.#loop.after(this.#delay, () => this.near.onClose(reason))
  }

  #carry(direction: 'up' | 'down', pieces: readonly Uint8Array[], deliver: (bytes: Uint8Array) => void): void {
    const [near, far] = this.#hosts
    if (!this.#isOpen || near.state !== 'up' || far.state !== 'up') return
    const bytes = joined(pieces)
    this.#traffic.count(far.level, direction, bytes.length)
    this.#loop.after(this.#delay, () => {
      if (this.#isOpen && near.state === 'up' && far.state === 'up') deliver(bytes)
    })
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  return Uint8Array.from(Buffer.concat(pieces))
}
