import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import type { PeerHandlers, PeerIdentity, PeerReply, RequestName } from '../../partition/peers.ts'
import { GroupsWorld } from '../../partition/testing/memory-group.ts'
import { MemoryGroups } from '../../partition/testing/memory-groups.ts'
import { type DiskOperation, MemoryDisk } from '../../platform/memory/disk.ts'
import type { Random } from '../../platform/random.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { promptCrypto } from '../../platform/testing/crypto.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import type { WatchedStorage } from '../members/conditions.ts'
import type { FeatureLevels } from '../metadata/feature-levels.ts'
import { featureLevels } from '../metadata/feature-levels.ts'
import type { ClusterNode, ClusterNodeDeps, DiallingPeers } from '../node.ts'
import { createClusterNode } from '../node.ts'
import { overTheWire } from './over-the-wire.ts'

/** Brokers of one process in place of processes; links are made and cut by hand. */
export class TestCluster {
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly world = new GroupsWorld(this.clock)
  readonly brokers = new Map<string, TestBroker>()
  readonly refusals: TailraceError[] = []
  /** The feature levels of brokers that are started from now on; default: those of this version. */
  readonly levels = new Map<BrokerId, FeatureLevels>()
  /** Of brokers that are started from now on; default: none. */
  readonly racks = new Map<BrokerId, string>()
  leaderReturnMs = 60_000
  /** Of brokers that are started from now on: nothing moves by itself, unless a test wants it. */
  balanceMs = 0
  replaceAfterMs = 0
  consumerGroupExpirationMs = 0
  /** Of brokers that are started from now on. */
  access: NonNullable<ClusterNodeDeps['access']> = { mode: 'off', superUsers: [] }
  #uuids = 0

  readonly random: Random = {
    below: () => 0,
    uuid: () => `00000000-0000-4000-8000-${String(++this.#uuids).padStart(12, '0')}`,
    secret: (bytes) => new Uint8Array(bytes).fill(++this.#uuids),
  }

  /** Starts brokers 1 to `count` that know of each other, and links them. */
  static async of(
    count: number,
    levels: readonly FeatureLevels[] = [],
    racks: readonly string[] = [],
    settings: Partial<Pick<TestCluster, 'balanceMs' | 'replaceAfterMs' | 'consumerGroupExpirationMs'>> = {},
  ): Promise<TestCluster> {
    const cluster = Object.assign(new TestCluster(), settings)
    const ids = Array.from({ length: count }, (_, index) => index + 1)
    levels.forEach((some, index) => void cluster.levels.set(index + 1, some))
    racks.forEach((some, index) => void cluster.racks.set(index + 1, some))
    for (const id of ids) await cluster.start(id, ids)
    cluster.linkAll()
    await cluster.clock.advance(2000)
    return cluster
  }

  /** `join`: ids, whose addresses are made of them. `name` tells apart brokers that have the same id. */
  async start(
    id: BrokerId,
    join: readonly (BrokerId | string)[],
    data = new BrokerData(),
    name = String(id),
  ): Promise<TestBroker> {
    await data.disk.makeFolder('data')
    const broker = new TestBroker(this, id, join, data, `peer-${name}:7080`)
    await broker.node.start()
    this.brokers.set(name, broker)
    return broker
  }

  broker(name: BrokerId | string): TestBroker {
    return this.brokers.get(String(name))!
  }

  linkAll(): void {
    const all = [...this.brokers.values()]
    all.forEach((a, index) => {
      for (const b of all.slice(index + 1)) this.link(a, b)
    })
  }

  /** As peers do: each decides about the other before anything else passes. */
  link(a: TestBroker, b: TestBroker): void {
    if (a.links.has(b.id) || b.links.has(a.id)) return
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      try {
        one.node.handlers.admit(other.node.identity())
      } catch (error) {
        this.refusals.push(error as TailraceError)
        other.refusedBy.set(one.node.identity().peer, error as TailraceError)
        return
      }
    }
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.identities.set(other.id, other.node.identity())
      one.links.set(other.id, other)
    }
    a.node.handlers.link(b.id, true)
    b.node.handlers.link(a.id, true)
  }

  cut(a: TestBroker, b: TestBroker): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!one.links.delete(other.id)) continue
      one.failRequests(other.id)
      one.node.handlers.link(other.id, false)
    }
  }

  /** The process ends: like kill -9 to the others. */
  async kill(broker: TestBroker): Promise<void> {
    for (const other of [...broker.links.values()]) this.cut(broker, other)
    await broker.groups.close()
    void broker.node.close()
    broker.data.disk.onOperation = null
    broker.data.disk.crash(() => 0)
    for (const [name, known] of this.brokers) if (known === broker) this.brokers.delete(name)
  }
}

/** For `MemoryDisk.onOperation`: makes these operations fail. */
export function failing(operation: DiskOperation): (asked: DiskOperation) => void {
  return (asked) => {
    if (asked === operation) throw new Error(`${operation} fails`)
  }
}

/** The state that survives a restart. */
export class BrokerData {
  readonly disk = new MemoryDisk()
  readonly store = new MemoryStore()
  /** Replicas on the disk, by admission. */
  readonly logs = new Map<GroupId, number>()
}

export class TestBroker implements DiallingPeers {
  readonly id: BrokerId
  readonly data: BrokerData
  readonly groups: MemoryGroups
  readonly node: ClusterNode
  readonly links = new Map<BrokerId, TestBroker>()
  readonly identities = new Map<BrokerId, PeerIdentity>()
  readonly announcements: Message<'Leaders'>['leaders'][] = []
  readonly requests: { to: BrokerId; name: RequestName; fields: unknown }[] = []
  /** Requests of these names get no answer. */
  readonly unanswered = new Set<RequestName>()
  readonly logged: string[] = []
  diskFull = false
  freeBytes = 2 ** 40
  readonly dialled = new Set<string>()
  readonly refusedBy = new Map<string, TailraceError>()
  handlers!: PeerHandlers
  readonly #cluster: TestCluster
  readonly #open = new Set<{ to: BrokerId; reject: (error: TailraceError) => void }>()

  constructor(
    cluster: TestCluster,
    id: BrokerId,
    join: readonly (BrokerId | string)[],
    data: BrokerData,
    peerAddress: string,
  ) {
    this.#cluster = cluster
    this.id = id
    this.data = data
    this.groups = new MemoryGroups(cluster.world, id, data.logs)
    const log = (_fields: object, message: string): void => void this.logged.push(message)
    this.node = createClusterNode({
      brokerId: id,
      http: `http-${id}:8080`,
      rack: cluster.racks.get(id) ?? '',
      peerAddress,
      join: join.map((other) => `peer-${other}:7080`),
      pid: 1000 + id,
      incarnation: cluster.random.uuid(),
      dataFolder: 'data',
      disk: data.disk,
      store: data.store,
      clock: cluster.clock,
      random: cluster.random,
      crypto: promptCrypto,
      access: cluster.access,
      groups: this.groups,
      peers: this,
      logger: { info: log, warn: log, error: log },
      maxBatchBytes: 1_048_588,
      largestMaxBatchBytes: 4_194_304,
      levels: cluster.levels.get(id) ?? featureLevels,
      storage: this.#storage(),
      leaderReturnMs: cluster.leaderReturnMs,
      balanceMs: cluster.balanceMs,
      replaceAfterMs: cluster.replaceAfterMs,
      consumerGroupExpirationMs: cluster.consumerGroupExpirationMs,
    })
  }

  #storage(): WatchedStorage {
    const broker = this
    return {
      get writable() {
        return !broker.diskFull
      },
      get usage() {
        const { freeBytes } = broker
        return { freeBytes, reserveBytes: 2 ** 30, secondsUntilFull: Number.POSITIVE_INFINITY } as never
      },
      metrics: { corruptPlaces: { read: 0, scrub: 0, recovery: 0 } } as never,
    }
  }

  /** A Raft message has come, as the peer transport passes it on. */
  hear(group: GroupId, message: RaftMessage): void {
    const { handlers } = this.node
    if (handlers.accepts(message.from, group)) handlers.raft(group, message, [])
  }

  sendRaft(): void {}

  tell(): void {}

  dial(address: string): void {
    this.dialled.add(address)
  }

  hangUp(broker: BrokerId): void {
    const other = this.links.get(broker)
    if (other !== undefined) this.#cluster.cut(this, other)
  }

  refusal(address: string): TailraceError | undefined {
    return this.refusedBy.get(address)
  }

  announceLeaders(leaders: { group: GroupId; term: number }[]): void {
    this.announcements.push(leaders)
    for (const other of this.links.values()) {
      this.#cluster.clock.after(1, () => this.links.has(other.id) && other.node.handlers.leaders(this.id, leaders))
    }
  }

  async request<Name extends RequestName>(
    to: BrokerId,
    name: Name,
    fields: Omit<Message<Name>, 'correlation'>,
    body: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<PeerReply<Name>> {
    const { clock } = this.#cluster
    const other = this.links.get(to)
    if (other === undefined) throw new TailraceError('CONNECTION_LOST')
    const heard = overTheWire(name, { correlation: 0, ...fields } as unknown as Message<Name>)
    this.requests.push({ to, name, fields })
    return new Promise((resolve, reject) => {
      const open = { to, reject }
      this.#open.add(open)
      clock.after(timeoutMs, () => reject(new TailraceError('TIMED_OUT')))
      clock.after(1, () => {
        if (this.links.get(to) !== other || this.unanswered.has(name)) return
        const asked = other.node.handlers.request(this.id, name, heard, joined(body))
        const back = (call: () => void): void => void clock.after(1, () => this.links.get(to) === other && call())
        asked.then(
          ({ fields, body }) => {
            const told = overTheWire(`${name}Reply`, { correlation: 0, ...fields } as never)
            back(() => resolve({ fields: told, body: joined(body) } as unknown as PeerReply<Name>))
          },
          (error) => back(() => reject(error)),
        )
      })
    })
  }

  failRequests(to: BrokerId): void {
    for (const open of this.#open) if (open.to === to) open.reject(new TailraceError('CONNECTION_LOST'))
  }

  connected(to: BrokerId): boolean {
    return this.links.has(to)
  }

  identity(of: BrokerId): PeerIdentity | undefined {
    return this.identities.get(of)
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
