import type { BrokerApi } from '../../api/broker-api.ts'
import type { GatewayLimits } from '../../doors/limits/limits.ts'
import { createHttpGateway, type HttpGateway } from '../../doors/server.ts'
import { MemoryAdmin } from '../../doors/testing/memory-admin.ts'
import { MemoryBroker } from '../../doors/testing/memory-broker.ts'
import { testServices } from '../../doors/testing/test-services.ts'
import type { CommittedLogs } from '../../log/committed-logs.ts'
import type { LogStorage, StateStore } from '../../log/log-storage.ts'
import { MemoryLogs } from '../../log/memory/memory-logs.ts'
import { openLogStorage } from '../../log/open.ts'
import { MemoryStateStore } from '../../log/store/memory-state-store.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { batchOf, recordsOf } from '../../partition/testing/batches.ts'
import type { Clock } from '../../platform/clock.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { createHttpClient } from '../../platform/node/http-client.ts'
import { createMessageSockets } from '../../platform/node/message-sockets.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { freePorts } from '../../platform/testing/free-ports.ts'
import { LevelZeroControl } from '../control/level-zero-control.ts'
import { CascadeNode } from '../node.ts'

/** Five times as fast as the real clock, so that beats come five times as often. */
export const fastClock: Clock = {
  now: () => nodeClock.now(),
  monotonic: () => nodeClock.monotonic() * speed,
  after: (ms, call) => nodeClock.after(ms / speed, call),
  every: (ms, call) => nodeClock.every(ms / speed, call),
  soon: (call) => nodeClock.soon(call),
}
const speed = 5

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const listen = { host: '127.0.0.1', port: 0 }

/** A broker of level 0 in memory behind a real gateway: the parts of one that cascade brokers see. */
export interface Top {
  readonly broker: MemoryBroker
  readonly control: LevelZeroControl
  readonly address: string
  readonly gateway: HttpGateway
}

/** `change`: its differences from MemoryBroker. */
export async function startTop(
  change: Partial<BrokerApi> = {},
  clusterId = 'test-cluster',
  limits: Partial<GatewayLimits> = {},
): Promise<Top> {
  const broker = new MemoryBroker(nodeClock)
  let address = ''
  const self = () => ({ id: 1, http: address, peer: '', level: 0, alive: true, pid: 7 })
  const describeCluster = async () => ({ clusterId, metadataLeader: 1, brokers: [self()] })
  const alone = () => Promise.reject(new Error('there is one broker only'))
  const control = new LevelZeroControl({
    api: {
      brokerId: 1,
      describeCluster,
      listTopics: () => broker.listTopics(),
      topicsVersion: () => broker.topicsVersion(),
    },
    clock: fastClock,
    questions: { reports: alone, status: alone, assign: alone },
  })
  const api: BrokerApi = {
    brokerId: 1,
    publish: (...args) => broker.publish(...args),
    fetch: (topic, partition, request) => broker.fetch(topic, partition, request),
    findOffset: (...args) => broker.findOffset(...args),
    initProducer: (asker) => broker.initProducer(asker),
    createTopic: (request) => broker.createTopic(request),
    deleteTopic: (name, topicId) => broker.deleteTopic(name, topicId),
    listTopics: () => broker.listTopics(),
    topicsVersion: () => broker.topicsVersion(),
    topicIdOf: (name) => broker.topicIdOf(name),
    describeTopic: (...args) => broker.describeTopic(...args),
    routing: (topics) => broker.routing(topics),
    describeCluster,
    readiness: () => broker.readiness(),
    onLeadership: (listener) => broker.onLeadership(listener),
    ...change,
  }
  const admin = new MemoryAdmin(broker)
  const gateway = await createHttpGateway({
    services: testServices({ api, admin, cascade: control }),
    clock: fastClock,
    random: nodeRandom,
    log: silent,
    limits,
    listen,
  })
  address = await gateway.listen()
  return { broker, control, address, gateway }
}

/** The state that outlives a cascade broker's process. */
export class CascadeDisk {
  readonly disk: MemoryDisk
  readonly store: StateStore = new MemoryStore()
  /** While set, no write reaches the disk. */
  gate: Promise<void> | null = null

  constructor() {
    this.disk = new MemoryDisk({ pace: () => this.gate ?? Promise.resolve() })
  }
}

export interface Tier {
  readonly node: CascadeNode
  readonly address: string
  readonly port: number
  readonly storage: CommittedLogs
  stop(): Promise<void>
}

const sizes = { journalFileBytes: 16 * 2 ** 20, segmentBytes: 2 ** 20, tailBytes: 4 * 2 ** 20, directBytes: 2 ** 19 }

/** Default: a free port, all topics, copies on a disk. */
export interface TierOptions {
  readonly port?: number
  readonly topics?: readonly string[]
  /** Copies in memory alone, up to so many bytes. */
  readonly memoryBytes?: number
}

/** A whole cascade broker in this process, on a disk in memory. */
export async function startTier(
  brokerId: number,
  sources: string[],
  on = new CascadeDisk(),
  { port: given, topics = ['*'], memoryBytes }: TierOptions = {},
): Promise<Tier> {
  const deps = { clock: fastClock, crc32c: nodeCrc32c }
  const storage = memoryBytes === undefined ? await openOn(on) : new MemoryLogs(fastClock, memoryBytes)
  const port = given ?? (await freePorts(1))[0]!
  let door: HttpGateway | null = null
  const node = await CascadeNode.open({
    crypto: nodeCrypto,
    ...deps,
    brokerId,
    rack: `rack-${brokerId}`,
    connections: () => brokerId,
    sent: () => door?.sent() ?? { all: 0, toCascades: 0 },
    sources,
    topics,
    storage,
    store: memoryBytes === undefined ? on.store : new MemoryStateStore(),
    random: nodeRandom,
    logger: silent,
    http: `127.0.0.1:${port}`,
    client: createHttpClient({ clock: nodeClock, dial: null }),
    sockets: createMessageSockets({ clock: nodeClock, dial: null }),
    readyLagMs: 10_000,
  })
  const { api, admin, control } = node
  const services = testServices({ api, admin, cascade: control })
  const parts = { services, clock: fastClock, random: nodeRandom, log: silent }
  const gateway = await createHttpGateway({ ...parts, listen: { ...listen, port } })
  door = gateway
  const address = await gateway.listen()
  node.start()
  const stop = async () => {
    await gateway.close()
    node.close()
    await storage.close()
  }
  return { node, address, port, storage, stop }
}

async function openOn({ disk }: CascadeDisk): Promise<LogStorage> {
  const deps = { clock: fastClock, crc32c: nodeCrc32c, disk: disk.mount() }
  const storage = await openLogStorage(deps, { ...sizes, folder: 'log', diskReserveBytes: 0 })
  storage.onFailure = () => {}
  return storage
}

export async function until(what: string, met: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await met())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

/** `offset:value` of every record of a partition from `from` on, from a broker of any level. */
export async function recordsAt(
  api: Pick<BrokerApi, 'fetch'>,
  topic: string,
  partition = 0,
  from = 0,
): Promise<string[]> {
  return recordsOf(await batchesAt(api, topic, partition, from))
}

export async function batchesAt(
  api: Pick<BrokerApi, 'fetch'>,
  topic: string,
  partition = 0,
  from = 0,
): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for (let offset = from; ; ) {
    const { batches, nextOffset } = await api.fetch(topic, partition, { offset, maxBytes: 2 ** 20, waitMs: 0 })
    if (batches.length === 0) return all
    all.push(...batches)
    offset = nextOffset
  }
}

export function publishTo(api: Pick<BrokerApi, 'publish'>, topic: string, values: string[], partition = 0) {
  return api.publish(topic, partition, batchOf(values), { timeoutMs: 5_000, wait: true })
}
