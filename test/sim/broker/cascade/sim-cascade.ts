import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import type { BrokerApi } from '../../../../broker/src/api/broker-api.ts'
import type { CopiedPartition } from '../../../../broker/src/cascade/copies/copied-partition.ts'
import { CascadeNode } from '../../../../broker/src/cascade/node.ts'
import type { LogStorage, StateStore } from '../../../../broker/src/log/log-storage.ts'
import { openLogStorage } from '../../../../broker/src/log/open.ts'
import type { Logger } from '../../../../broker/src/platform/logger.ts'
import type { Network } from '../../../../broker/src/platform/network.ts'
import { nodeCrc32c } from '../../../../broker/src/platform/node/checksum.ts'
import { quickCrypto } from '../../../../broker/src/platform/testing/crypto.ts'
import type { EventLoop } from '../../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { BrokerDefects } from '../defects.ts'
import type { SimDisk } from '../disk/sim-disk.ts'
import type { SimStore } from '../disk/sim-store.ts'
import { brokerRandom } from '../process-random.ts'
import { SimProcess, type Timepiece } from '../sim-process.ts'
import { type BrokerSwarm, doorOf } from '../swarm.ts'
import { defectiveApi, defectiveCopies, defectiveCopyLogs, defectiveSource } from './cascade-defects.ts'
import type { CascadeWatch, CopyHistory } from './cascade-watch.ts'
import { noHttp, simSockets } from './sim-sockets.ts'
import { SourceDoor } from './source-door.ts'

const DATA = 'data'

/** The parts of its machine, and its surroundings. All of it outlives the broker's process. */
export interface CascadeMachine {
  readonly loop: EventLoop
  readonly random: SimRandom
  readonly network: Network
  readonly disk: SimDisk
  readonly store: SimStore
  readonly timepiece: Timepiece
  readonly swarm: BrokerSwarm
  readonly watch: CascadeWatch
  readonly defects: BrokerDefects
  /** HTTP addresses of the brokers that it is told to copy from. */
  readonly sources: readonly string[]
  readonly logger: (broker: BrokerId, process: SimProcess) => Logger
}

/** The parts of one life, put together as broker/src/start/cascade-broker.ts does it, without HTTP. */
export interface CascadeLife {
  readonly process: SimProcess
  readonly storage: LogStorage
  readonly store: StateStore
  readonly node: CascadeNode
  /** As clients get it. */
  readonly api: BrokerApi
  readonly door: SourceDoor
}

/** A cascade broker and its machine. */
export class SimCascade {
  readonly id: BrokerId
  /** Of its first source, plus one. */
  readonly level: number
  readonly machine: CascadeMachine
  /** Of its copies, over all lives. */
  readonly histories = new Map<GroupId, CopyHistory>()
  /** The present life, once clients may call it; null while the broker is down or starting. */
  life: CascadeLife | null = null
  /** Set from the beginning of a start to the end of that life. */
  process: SimProcess | null = null
  /** Why the last start or life came to its end by itself. */
  failure: unknown = null
  /** Called when the process ends by itself. */
  onExit: () => void = () => {}
  /** Called when `stop` has come to its end. */
  onStopped: () => void = () => {}
  #sources = 0

  constructor(id: BrokerId, level: number, machine: CascadeMachine) {
    this.id = id
    this.level = level
    this.machine = machine
  }

  /** Times that it began to copy from a source, over all lives. */
  get sources(): number {
    return this.#sources + (this.life?.node.uplink.changes ?? 0)
  }

  /** Of the present life. */
  copyOf(topic: string, partition: PartitionNumber): CopiedPartition | undefined {
    const copies = this.life?.node.partitions.all() ?? []
    return [...copies].find((copy) => copy.topic === topic && copy.partition === partition)
  }

  start(): void {
    const process = new SimProcess(this.machine.loop, this.machine.timepiece)
    this.process = process
    this.#start(process).then(
      (life) => {
        if (process.alive) this.life = life
      },
      (error: unknown) => this.#exit(process, error),
    )
  }

  /** The process dies without a message. `power`: bytes that the kernel had not stored are lost as well. */
  crash(power: boolean): void {
    this.#sources = this.sources
    if (this.process !== null) this.process.alive = false
    this.process = null
    this.life = null
    if (power) this.machine.disk.losePower()
    else this.machine.disk.crashProcess()
    this.machine.store.crash()
  }

  /** As on SIGTERM. */
  async stop(): Promise<void> {
    const { life } = this
    if (life === null) return
    const { door, node, storage, store, process } = life
    this.#sources = this.sources
    this.life = null
    await door.close()
    node.close()
    await storage.close()
    await store.close()
    if (process.alive) this.onStopped()
  }

  #exit(process: SimProcess, error: unknown): void {
    if (!process.alive) return
    this.failure = error
    this.onExit()
  }

  async #start(process: SimProcess): Promise<CascadeLife> {
    const { id } = this
    const { disk, store: platter, swarm, watch, defects, sources } = this.machine
    const { clock } = process
    const random = brokerRandom(this.machine.random)
    const network = process.network(this.machine.network)
    const logger = this.machine.logger(id, process)
    const mounted = disk.mount(process)
    await mounted.makeFolder(DATA)
    await mounted.lock(DATA)
    const crc32c = nodeCrc32c
    const storage = await openLogStorage({ disk: mounted, clock, crc32c }, { ...swarm.log, folder: `${DATA}/log` })
    storage.onFailure = (error) => this.#exit(process, error)
    if (!process.alive) return new Promise(() => {})
    const store = platter.mount(process)
    const copies = watch.storage(id, process, storage, this.histories)
    defectiveCopies(defects, storage)
    const node = await CascadeNode.open({
      brokerId: id,
      http: doorOf(id),
      sources,
      storage,
      store,
      client: noHttp,
      sockets: simSockets(network),
      certified: () => true,
      clock,
      random,
      crc32c,
      crypto: quickCrypto,
      logger,
      readyLagMs: 10_000,
    })
    copies.opened(node)
    defectiveCopyLogs(defects, storage)
    const api = defectiveApi(defects, node.api)
    const { admin, control: cascade } = node
    const { pauseBufferedBytes } = swarm.cascades!
    const shown = defectiveSource(defects.unsyncedToCascades, node.api, (topic, at) => this.copyOf(topic, at)?.log)
    const parts = { api: shown, admin, cascade, clock, random, crypto: quickCrypto, log: logger, pauseBufferedBytes }
    const door = new SourceDoor({ network, address: doorOf(id), ...parts })
    await door.listen()
    node.start()
    return { process, storage, store, node, api, door }
  }
}
