import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { levelZeroControlOver, withCascade } from '../../../broker/src/cascade/control/leader-requests.ts'
import type { LevelZeroControl } from '../../../broker/src/cascade/control/level-zero-control.ts'
import { featureLevels } from '../../../broker/src/cluster/metadata/feature-levels.ts'
import type { ClusterNode } from '../../../broker/src/cluster/node.ts'
import { createClusterNode } from '../../../broker/src/cluster/node.ts'
import type { RunningPeers } from '../../../broker/src/doors/peer/create-peers.ts'
import { createPeers } from '../../../broker/src/doors/peer/create-peers.ts'
import type { GroupLog, LogStorage, StateStore } from '../../../broker/src/log/log-storage.ts'
import { openLogStorage } from '../../../broker/src/log/open.ts'
import { BrokerGroups } from '../../../broker/src/partition/broker/groups.ts'
import type { Logger } from '../../../broker/src/platform/logger.ts'
import type { Network } from '../../../broker/src/platform/network.ts'
import { nodeCrc32c } from '../../../broker/src/platform/node/checksum.ts'
import type { Random } from '../../../broker/src/platform/random.ts'
import { promptCrypto, quickCrypto } from '../../../broker/src/platform/testing/crypto.ts'
import type { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { defectiveSource } from './cascade/cascade-defects.ts'
import { SourceDoor } from './cascade/source-door.ts'
import { defectiveConditions } from './condition-defects.ts'
import { defectiveCoordinators, defectiveService } from './consumer-groups/group-defects.ts'
import {
  type BrokerDefects,
  crcOf,
  DeletedFirst,
  defectiveDisk,
  defectiveDurability,
  defectiveLogs,
  defectiveNode,
  defectivePlan,
  defectiveStorage,
  defectiveStore,
  withoutWitnesses,
} from './defects.ts'
import type { DiskImage, SimDisk } from './disk/sim-disk.ts'
import type { SimStore } from './disk/sim-store.ts'
import { Finding } from './finding.ts'
import { brokerRandom } from './process-random.ts'
import { checkFolder, levelsOf, markFolder, ONLY_LEVEL, type Release, WITH_FENCES } from './release.ts'
import { SimProcess, type Timepiece } from './sim-process.ts'
import { addressOf, type BrokerSwarm, doorOf } from './swarm.ts'
import { type MessageFaults, makeUnreliable } from './unreliable-raft.ts'
import type { Watch } from './watch.ts'

const DATA = 'data'

/** The parts of a broker's machine, and its surroundings. All of it outlives the broker's process. */
export interface Machine {
  readonly loop: EventLoop
  readonly random: SimRandom
  readonly network: Network
  readonly disk: SimDisk
  readonly store: SimStore
  readonly timepiece: Timepiece
  readonly messages: MessageFaults
  readonly swarm: BrokerSwarm
  readonly watch: Watch
  readonly defects: BrokerDefects
  readonly logger: (process: SimProcess) => Logger
}

/** The parts of one life, put together as broker/src/start/broker.ts does it, without the gateways for clients. */
export interface Life {
  readonly process: SimProcess
  readonly storage: LogStorage
  readonly store: StateStore
  readonly groups: BrokerGroups
  readonly peers: RunningPeers
  readonly node: ClusterNode
  /** For brokers below; null in seeds without any. */
  readonly below: { readonly control: LevelZeroControl; readonly door: SourceDoor } | null
}

/** The data of a broker on its machine, at one moment. */
export interface FolderCopy {
  readonly disk: DiskImage
  readonly store: ReadonlyMap<string, Uint8Array>
}

/** A broker and its machine. */
export class SimBroker {
  readonly id: BrokerId
  readonly machine: Machine
  /** The present life, once clients may call it; null while the broker is down or starting. */
  life: Life | null = null
  /** Set from the beginning of a start to the end of that life. */
  process: SimProcess | null = null
  /** It has been started once. */
  present = false
  /** Its disk is lost: it never comes back. */
  gone = false
  /** A copy of its folder from an earlier moment. */
  copy: FolderCopy | null = null
  /** The release that it runs from its next start on; null in seeds with one release. */
  release: Release | null
  /** The release that its present life runs. */
  running: Release | null = null
  /** Why the last start or life came to its end by itself. */
  failure: unknown = null
  /** Called when the process ends by itself. */
  onExit: () => void = () => {}

  readonly #deletedFirst = new DeletedFirst()

  constructor(id: BrokerId, machine: Machine) {
    this.id = id
    this.machine = machine
    this.release = machine.watch.releases === null ? null : 1
  }

  /** While it is down. */
  takeCopy(): void {
    const { disk, store } = this.machine
    this.copy = { disk: disk.image(), store: store.image() }
  }

  putBack(): void {
    const { disk, store, watch } = this.machine
    disk.putBack(this.copy!.disk)
    store.putBack(this.copy!.store)
    this.copy = null
    watch.wasPutBack(this.id)
  }

  /** Whether this broker remembers, durably, a life of another one that a copy of that one's folder does not know. */
  remembersMore(of: BrokerId, copy: FolderCopy): boolean {
    const memory = this.machine.store.image().get(`witness/${of}`)
    const lives = copy.disk.get(`${DATA}/lives.json`)
    if (memory === undefined || lives === undefined) return false
    const known = new Uint8Array(lives.size)
    lives.read(known, 0)
    const { life } = JSON.parse(new TextDecoder().decode(memory)) as { life: string }
    return !new TextDecoder().decode(known).includes(life)
  }

  get up(): boolean {
    return this.life !== null
  }

  start(): void {
    const { loop, timepiece } = this.machine
    const process = new SimProcess(loop, timepiece)
    this.process = process
    this.present = true
    this.running = this.release
    const untouched = this.#mayBeRefused ? this.#contents() : null
    this.#start(process).then(
      (life) => {
        if (process.alive) this.life = life
      },
      (error) => {
        if (untouched !== null && process.alive && isRefusal(error)) this.#requireUntouched(untouched)
        this.#exit(process, error)
      },
    )
  }

  get #mayBeRefused(): boolean {
    return this.running === 1 && this.machine.watch.metadata.head.featureLevel > 1
  }

  #contents(): ReadonlyMap<string, Uint8Array> {
    const { disk, store } = this.machine
    return new Map([...disk.contents(), ...store.contents()])
  }

  #requireUntouched(before: ReadonlyMap<string, Uint8Array>): void {
    this.machine.watch.releases!.refusals++
    const after = this.#contents()
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const [was, is] = [before.get(name), after.get(name)]
      if (was !== undefined && is !== undefined && Buffer.compare(was, is) === 0) continue
      const detail = `broker ${this.id} refuses to start and has changed ${name}`
      this.machine.watch.report(new Finding('refused-start-touches-nothing', detail))
    }
  }

  /** The process dies without a message. `power`: bytes that the kernel had not stored are lost as well. */
  crash(power: boolean): void {
    const { disk, store, watch } = this.machine
    if (this.process !== null) this.process.alive = false
    this.process = null
    this.life = null
    watch.stopped(this.id)
    if (power) disk.losePower()
    else disk.crashProcess()
    store.crash()
  }

  /** As on SIGTERM. */
  async stop(): Promise<void> {
    const { life } = this
    if (life === null) return
    const { node, groups, peers, storage, store, process, below } = life
    this.life = null
    // It answers no request any more, so the state of its cores, such as their leases, does not matter.
    this.machine.watch.stopped(this.id)
    await below?.door.close()
    await node.close()
    await groups.close()
    await peers.close()
    await storage.close()
    await store.close()
    if (process.alive) this.onStopped()
  }

  /** Called when `stop` has come to its end. */
  onStopped: () => void = () => {}

  #exit(process: SimProcess, error: unknown): void {
    if (!process.alive) return
    this.failure = error
    this.onExit()
  }

  async #start(process: SimProcess): Promise<Life> {
    const { machine, id } = this
    const { swarm, watch, defects } = machine
    const { clock } = process
    const random = brokerRandom(machine.random)
    const logger = this.machine.logger(process)
    const disk = defectiveDisk(machine.defects, machine.disk.mount(process))
    await disk.makeFolder(DATA)
    await disk.lock(DATA)
    const { running } = this
    const single = swarm.conditions === null ? ONLY_LEVEL : WITH_FENCES
    const only = swarm.consumerGroups === null ? single : featureLevels
    const levels = running === null ? only : levelsOf(running, defects)
    if (running !== null) {
      const store = machine.store.mount(process)
      await checkFolder(running, defects.levelCheckedLate ? null : levels, { disk, store, folder: DATA, broker: id })
    }
    const crc32c = crcOf(defects, nodeCrc32c)
    if (defects.marksUnread) await disk.remove(`${DATA}/log/durable`)
    const storage = await openLogStorage({ disk, clock, crc32c }, { ...swarm.log, folder: `${DATA}/log` })
    defectiveStorage(defects, storage)
    if (defects.installDeletesFirst) {
      await this.#deletedFirst.remove(storage)
      this.#deletedFirst.watch(storage)
    }
    storage.onFailure = (error) => this.#exit(process, error)
    if (!process.alive) return new Promise(() => {})
    const store = defectiveStore(defects, machine.store.mount(process))
    const peers = createPeers({
      network: process.network(machine.network),
      clock,
      random,
      crc32c: nodeCrc32c,
      crypto: promptCrypto,
      clusterKeys: null,
      log: logger,
      listen: addressOf(id),
      dial: swarm.addresses,
    })
    if (defects.witnessIgnored || defects.sameIdAfterWipe) withoutWitnesses(peers)
    makeUnreliable(peers, machine.messages, machine.loop, machine.random, process)
    const groups = new BrokerGroups({
      storage,
      store,
      peers,
      clock,
      random,
      crc32c: nodeCrc32c,
      logger,
      brokerId: id,
      settings: swarm.partition,
      createCore: watch.createCore(id, process),
    })
    defectiveConditions(defects, groups)
    defectiveCoordinators(defects, groups)
    const { onDurable } = storage
    watch.storage(id, process, storage)
    defectiveDurability(defects, storage, onDurable)
    defectiveLogs(defects, storage)
    const incarnation = random.uuid()
    const createPlan = defectivePlan(defects)
    if (running !== null) watch.releases!.began(incarnation, running)
    const node = createClusterNode({
      levels,
      disk,
      clock,
      random,
      crypto: quickCrypto,
      store,
      groups,
      peers,
      logger,
      brokerId: id,
      http: doorOf(id),
      peerAddress: addressOf(id),
      join: swarm.addresses,
      pid: id,
      incarnation,
      storage,
      dataFolder: DATA,
      maxBatchBytes: 1 << 20,
      largestMaxBatchBytes: 1 << 20,
      ...swarm.upkeep,
      ...(swarm.consumerGroups !== null && {
        consumerGroupExpirationMs: swarm.consumerGroups.expirationMs / (defects.groupsExpireEarly ? 20 : 1),
      }),
      ...(createPlan !== undefined && { createPlan }),
    })
    defectiveNode(defects, node)
    defectiveService(defects, node.consumerGroups)
    await node.start()
    if (running === 2 && ((await node.api.describeCluster()).featureLevel ?? 1) > 1) await markFolder(disk, DATA)
    const below =
      swarm.cascades === null ? null : await this.#openBelow(process, { storage, peers, node, random, logger })
    await peers.start(
      below === null
        ? node
        : { identity: () => node.identity(), handlers: withCascade(node.handlers, below.control, node.rules) },
    )
    return { process, storage, store, groups, peers, node, below }
  }

  /** The part of a broker of level 0 that brokers below see. */
  async #openBelow(
    process: SimProcess,
    parts: Pick<Life, 'storage' | 'peers' | 'node'> & { readonly random: Random; readonly logger: Logger },
  ): Promise<Life['below']> {
    const { machine, id } = this
    const { storage, peers, node, random, logger } = parts
    const { clock } = process
    const control = levelZeroControlOver(peers, node, clock, quickCrypto)
    const logOf = (topic: string, partition: number): GroupLog | undefined => {
      const group = machine.watch.topic(topic)?.partitions[partition]?.group
      return group === undefined ? undefined : storage.group(group)
    }
    const door = new SourceDoor({
      network: process.network(machine.network),
      address: doorOf(id),
      api: defectiveSource(machine.defects.uncommittedToCascades, node.api, logOf),
      admin: node.admin,
      cascade: control,
      clock,
      random,
      crypto: quickCrypto,
      log: logger,
      pauseBufferedBytes: machine.swarm.cascades!.pauseBufferedBytes,
    })
    await door.listen()
    return { control, door }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof TailraceError && ['FEATURE_LEVEL_UNSUPPORTED', 'NEWER_FORMAT'].includes(error.code)
}
