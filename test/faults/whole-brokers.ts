import type { BrokerId } from '@tailrace/schemas'
import { crc32c } from '@tailrace/schemas'
import { levelZeroControlOver, withCascade } from '../../broker/src/cascade/control/leader-requests.ts'
import type { ClusterNode } from '../../broker/src/cluster/node.ts'
import { createClusterNode } from '../../broker/src/cluster/node.ts'
import type { RunningPeers } from '../../broker/src/doors/peer/create-peers.ts'
import { createPeers } from '../../broker/src/doors/peer/create-peers.ts'
import type { ClusterKeys } from '../../broker/src/doors/peer/handshake/cluster-key.ts'
import { helloOf, helloReplyOf } from '../../broker/src/doors/peer/handshake/identity-frames.ts'
import type { PeerLimits } from '../../broker/src/doors/peer/limits.ts'
import { addressOf, identityOfBroker, nextTurn, RawPeer } from '../../broker/src/doors/testing/peer-cluster.ts'
import { openLogStorage } from '../../broker/src/log/open.ts'
import { MemoryStore } from '../../broker/src/log/testing/memory-store.ts'
import { BrokerGroups } from '../../broker/src/partition/broker/groups.ts'
import type { PeerIdentity } from '../../broker/src/partition/peers.ts'
import { defaultPartitionSettings, type PartitionSettings } from '../../broker/src/partition/settings.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { MemoryNetwork } from '../../broker/src/platform/memory/network.ts'
import { nodeCrypto } from '../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../broker/src/platform/testing/random.ts'

const MiB = 1024 * 1024

export interface BrokerOptions {
  readonly maxBatchBytes?: number
  readonly largestMaxBatchBytes?: number
  readonly limits?: Partial<PeerLimits>
  readonly sizeLimits?: Readonly<Record<string, number>>
  readonly partition?: Partial<PartitionSettings>
  readonly leaderReturnMs?: number
  readonly clusterKeys?: ClusterKeys
  readonly log?: Partial<typeof logSizes>
}

const logSizes = { journalFileBytes: 16 * MiB, segmentBytes: 16 * MiB, tailBytes: 16 * MiB, directBytes: MiB }

/** One broker without the gateways for clients, put together as broker/src/start/broker.ts does it. */
export interface WholeBroker {
  readonly id: BrokerId
  readonly node: ClusterNode
  readonly groups: BrokerGroups
  readonly peers: RunningPeers
  /** Lines of level warn and error. */
  readonly complaints: string[]
  readonly disk: MemoryDisk
  readonly store: MemoryStore
  stop(): Promise<void>
}

/** Whole brokers in one process, on a clock, a network and disks in memory. */
export class WholeBrokers {
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly random = seededRandom(7)
  readonly network = new MemoryNetwork({ clock: this.clock, random: this.random, maxDelayMs: 2, maxChunkBytes: 65536 })
  readonly brokers: WholeBroker[] = []
  #lives = 0

  /** Brokers 1 to `count`, as a formed cluster. */
  static async of(count: number, options: BrokerOptions = {}): Promise<WholeBrokers> {
    const cluster = new WholeBrokers()
    const ids = Array.from({ length: count }, (_, at) => at + 1)
    for (const id of ids) cluster.brokers.push(await cluster.start(id, ids, options))
    await cluster.until(() => cluster.brokers.every(({ node }) => node.api.readiness().ready))
    return cluster
  }

  broker(id: BrokerId): WholeBroker {
    return this.brokers[id - 1]!
  }

  async start(
    id: BrokerId,
    join: readonly BrokerId[],
    options: BrokerOptions = {},
    kept: Pick<WholeBroker, 'disk' | 'store'> = { disk: new MemoryDisk(), store: new MemoryStore() },
  ): Promise<WholeBroker> {
    const { clock, random } = this
    const { disk, store } = kept
    const complaints: string[] = []
    const complain = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`)
    const logger = { info: () => {}, warn: complain, error: complain }
    await disk.makeFolder('data')
    const log = { ...logSizes, ...options.log }
    const storage = await openLogStorage({ disk, clock, crc32c }, { ...log, diskReserveBytes: 0, folder: 'data/log' })
    const peers = createPeers({
      network: this.network.host(`b${id}`),
      clock,
      random,
      crc32c,
      crypto: nodeCrypto,
      clusterKeys: options.clusterKeys ?? null,
      log: logger,
      limits: options.limits ?? {},
      listen: addressOf(id),
      dial: join.map(addressOf),
    })
    const groups = new BrokerGroups({
      storage,
      store,
      peers,
      clock,
      random,
      crc32c,
      logger,
      brokerId: id,
      settings: { ...defaultPartitionSettings, ...options.partition },
    })
    const node: ClusterNode = createClusterNode({
      disk,
      clock,
      random,
      crypto: nodeCrypto,
      store,
      groups,
      peers,
      logger,
      brokerId: id,
      pid: id,
      dataFolder: 'data',
      http: `b${id}:8080`,
      peerAddress: addressOf(id),
      join: join.map(addressOf),
      sizeLimits: options.sizeLimits ?? {},
      incarnation: `life-${++this.#lives}`,
      storage,
      leaderReturnMs: options.leaderReturnMs ?? 60_000,
      maxBatchBytes: options.maxBatchBytes ?? MiB,
      largestMaxBatchBytes: options.largestMaxBatchBytes ?? 4 * MiB,
    })
    await node.start()
    const handlers = withCascade(node.handlers, levelZeroControlOver(peers, node, clock), node.rules)
    await peers.start({ identity: () => node.identity(), handlers })
    const stop = async (): Promise<void> => {
      await node.close()
      await groups.close()
      await peers.close()
      await storage.close()
      disk.crash(() => 0)
    }
    return { id, node, groups, peers, complaints, disk, store, stop }
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.clock.advance(ms, nextTurn)
  }

  async until(condition: () => boolean, withinMs = 30_000): Promise<void> {
    for (let passed = 0; !condition(); passed += 10) {
      if (passed > withinMs) throw new Error(`not within ${withinMs} ms: ${condition}`)
      await this.pass(10)
    }
  }

  /** The outcome of a call, letting time pass meanwhile. */
  async during<T>(call: Promise<T>): Promise<T> {
    let settled = false
    const done = (): void => {
      settled = true
    }
    call.then(done, done)
    await this.until(() => settled, 60_000)
    return call
  }

  /** Of the metadata group, or of any other. */
  leader(group = 0): WholeBroker {
    return this.brokers.find(({ groups }) => groups.get(group)?.isLeader)!
  }

  /** The identity that the broker sends to any peer. */
  identity(id: BrokerId): PeerIdentity {
    return this.broker(id).node.identity()
  }

  /** A connection to a broker from a machine that has none, with the handshake done under this identity. */
  async connectAs(identity: PeerIdentity, to: BrokerId, host = 'stranger'): Promise<RawPeer> {
    const raw = new RawPeer(await this.during(this.network.host(host).connect(addressOf(to), 1000)))
    raw.send('Hello', helloOf(identity))
    await this.until(() => raw.names.includes('Hello'))
    raw.send('HelloReply', helloReplyOf(identity, '', null))
    await this.pass(20)
    raw.frames.length = 0
    return raw
  }

  /** A listener that pretends to be a broker: it completes the handshake with any peer, and sends no other answer. */
  async impostor(identity: PeerIdentity, host: string): Promise<RawPeer[]> {
    const peers: RawPeer[] = []
    await this.network.host(host).listen(identity.peer, (stream) => {
      const raw = new RawPeer(stream)
      peers.push(raw)
      raw.onFrame = (frame) => {
        if (frame.name === 'Hello') raw.send('Hello', helloOf(identity))
        if (frame.name === 'HelloReply') raw.send('HelloReply', helloReplyOf(identity, '', null))
      }
    })
    return peers
  }

  async close(): Promise<void> {
    await this.during(Promise.all(this.brokers.map((broker) => broker.stop())))
  }
}

/** A stranger that claims to be a broker of the cluster, whose id is no secret. */
export function stranger(cluster: WholeBrokers, id: BrokerId, formed = true): PeerIdentity {
  const { clusterId } = cluster.identity(1)
  return { ...identityOfBroker(id, `x${id}:7000`), clusterId: formed ? clusterId : '', formed }
}
