import {
  type BrokerId,
  crc32c,
  encodeFrame,
  type Frame,
  FrameReader,
  type Message,
  type MessageName,
  TailraceError,
} from '@tailrace/schemas'
import type { PeerHandlers, PeerIdentity } from '../../partition/peers.ts'
import { MemoryNetwork } from '../../platform/memory/network.ts'
import type { ByteStream, Network } from '../../platform/network.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { createPeers, type RunningPeers } from '../peer/create-peers.ts'
import type { ClusterKeys } from '../peer/handshake/cluster-key.ts'
import { helloOf, helloReplyOf } from '../peer/handshake/identity-frames.ts'
import type { PeerLimits } from '../peer/limits.ts'

/** For tests: brokers that consist of their peer transport only, and record the messages that they receive. */
export interface TestBroker {
  readonly id: BrokerId
  readonly peers: RunningPeers
  /** The handlers that `peers` calls. */
  readonly handlers: PeerHandlers
  /** The answer of `self`; replace it to simulate a restart or a cluster that forms. */
  identity: PeerIdentity
  readonly raft: { group: number; message: RaftMessage; payloads: readonly Uint8Array[] }[]
  /** '+2': the link to broker 2 came up; '-2': it went down. */
  readonly links: string[]
  readonly leaders: { from: BrokerId; leaders: Message<'Leaders'>['leaders'] }[]
  readonly notes: { from: BrokerId; name: string; fields: unknown }[]
  readonly log: string[]
  admit: (identity: PeerIdentity) => void
  accepts: PeerHandlers['accepts']
  readonly tooLarge: { from: BrokerId; group: number; bytes: number }[]
  answer: PeerHandlers['request']
}

export interface TestBrokerOptions {
  readonly join: readonly string[]
  readonly listen?: string
  readonly limits?: Partial<PeerLimits>
  readonly incarnation?: string
  readonly network?: Network
  readonly clusterKeys?: ClusterKeys
}

export function identityOfBroker(id: BrokerId, peer: string, incarnation = `life-${id}`): PeerIdentity {
  const http = `http-${id}:8080`
  return { brokerId: id, directoryId: `directory-${id}`, incarnation, clusterId: 'c', peer, http, formed: true }
}

export class PeerCluster {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly #random

  constructor(seed = 1, maxChunkBytes = 65536) {
    this.#random = seededRandom(seed)
    this.network = new MemoryNetwork({ clock: this.clock, random: this.#random, maxDelayMs: 5, maxChunkBytes })
  }

  /** Broker `id` on the machine `b<id>`, listening on port 7000 there. */
  async start(id: BrokerId, options: TestBrokerOptions): Promise<TestBroker> {
    const listen = options.listen ?? addressOf(id)
    const { network = this.network.host(`b${id}`), join, limits } = options
    const log: string[] = []
    const write = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`)
    const peers = createPeers({
      network,
      clock: this.clock,
      random: this.#random,
      crc32c,
      crypto: nodeCrypto,
      clusterKeys: options.clusterKeys ?? null,
      log: { info: write, warn: write, error: write },
      listen,
      dial: join,
      limits,
    })
    const broker = testBroker(id, peers, log, identityOfBroker(id, listen, options.incarnation))
    await peers.start({ identity: () => broker.identity, handlers: broker.handlers })
    return broker
  }

  /** Connects to the broker from a machine of no broker. */
  async connectTo(broker: TestBroker): Promise<RawPeer> {
    const connecting = this.network.host('x').connect(broker.peers.address, 1000)
    await this.pass(20)
    return new RawPeer(await connecting)
  }

  /** Goes through the handshake as a broker of this identity, whichever side dialled; forgets its frames. */
  async shakeHands(raw: RawPeer, identity: PeerIdentity): Promise<void> {
    raw.send('Hello', helloOf(identity))
    await this.pass(20)
    raw.send('HelloReply', helloReplyOf(identity, '', null))
    await this.pass(20)
    raw.frames.length = 0
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms, nextTurn)
  }
}

export function addressOf(id: BrokerId): string {
  return `b${id}:7000`
}

/** Records the messages that the broker receives; `peers` is not started. */
export function testBroker(id: BrokerId, peers: RunningPeers, log: string[], identity: PeerIdentity): TestBroker {
  const handlers: PeerHandlers = {
    raft: (group, message, payloads) => void broker.raft.push({ group, message, payloads }),
    accepts: (from, group) => broker.accepts(from, group),
    tooLarge: (from, group, bytes) => void broker.tooLarge.push({ from, group, bytes }),
    leaders(from, leaders) {
      broker.leaders.push({ from, leaders })
      return 0
    },
    told: (from, name, fields) => void broker.notes.push({ from, name, fields }),
    link: (peer, up) => void broker.links.push(`${up ? '+' : '-'}${peer}`),
    admit: (identity) => broker.admit(identity),
    request: (from, name, fields, body) => broker.answer(from, name, fields, body),
  }
  const broker: TestBroker = {
    handlers,
    id,
    peers,
    identity,
    raft: [],
    links: [],
    leaders: [],
    notes: [],
    log,
    admit: () => {},
    accepts: () => true,
    tooLarge: [],
    answer: async () => {
      throw new TailraceError('NOT_LEADER')
    },
  }
  return broker
}

/** The bare other end of a stream: sends frames that no broker of ours would send. */
export class RawPeer {
  readonly stream: ByteStream
  readonly frames: Frame[] = []
  onFrame: (frame: Frame) => void = () => {}
  closed = false

  constructor(stream: ByteStream) {
    this.stream = stream
    const onFrame = (frame: Frame): void => {
      this.frames.push(frame)
      this.onFrame(frame)
    }
    const reader = new FrameReader({ maxFrameBytes: 2 ** 25, onFrame })
    stream.onData = (chunk) => reader.push(chunk)
    stream.onClose = () => {
      this.closed = true
    }
  }

  send<Name extends MessageName>(name: Name, fields: Message<Name>, body: readonly Uint8Array[] = []): void {
    this.stream.write(encodeFrame(name, fields, body))
  }

  get names(): MessageName[] {
    return this.frames.map(({ name }) => name)
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
