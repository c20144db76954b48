import type { BrokerId, GroupId, Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../../broker/src/partition/requests.ts'
import type { Logger } from '../../../broker/src/platform/logger.ts'
import { MemoryNetwork } from '../../../broker/src/platform/memory/network.ts'
import type { Defects } from '../../../broker/src/raft/defects.ts'
import { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { randomGap } from '../core/faults.ts'
import { brokerLogger } from './broker-logger.ts'
import { Cascades } from './cascade/cascades.ts'
import type { SimCascade } from './cascade/sim-cascade.ts'
import type { Chronicle } from './chronicle.ts'
import type { BrokerDefects } from './defects.ts'
import { SimDisk } from './disk/sim-disk.ts'
import { SimStore } from './disk/sim-store.ts'
import type { FaultClass } from './faults/fault.ts'
import { faultClasses } from './faults/table.ts'
import { Finding } from './finding.ts'
import { type Release, ReleaseWatch } from './release.ts'
import type { Scene } from './scene.ts'
import { SimBroker } from './sim-broker.ts'
import { SimProcess } from './sim-process.ts'
import { type BrokerSwarm, hostOf } from './swarm.ts'
import { noMessageFaults } from './unreliable-raft.ts'
import { UpkeepWatch } from './upkeep-watch.ts'
import { Watch } from './watch.ts'
import { Operator } from './workload/operator.ts'
import { PartitionLedger } from './workload/partition-ledger.ts'
import { SecurityOperator } from './workload/security-operator.ts'

/** A supervisor starts a broker that ended by itself again. */
const RESTART_MS = 500
const LARGE_DISK_BYTES = 2 ** 40
const NEWER_VERSION = 'newer-version'
/** So many ends in a row, without a start that came to its end, are one too many once nothing fails any more. */
const MOST_FAILED_STARTS = 5

/** Brokers with their machines, the network between them, and all their faults. */
export class World implements Scene {
  readonly loop = new EventLoop()
  readonly brokers: readonly SimBroker[]
  readonly network: MemoryNetwork
  readonly watch: Watch
  readonly swarm: BrokerSwarm
  /** Clients still work. */
  open = true
  formed = false
  /** How often disks have rotted. */
  rots = 0
  crashes = 0
  /** How often the operator has got what it asked for. */
  readonly operations = new Map<string, number>()
  readonly operator: Operator
  readonly security: SecurityOperator
  readonly cascades: Cascades
  /** Publishes under way: one that a cascade broker has passed on may be written long after it was asked for. */
  publishing = 0
  /** How often a reader went on at a broker of another level. */
  levelMoves = 0
  /** Of the clients (BrokerDefects). */
  readonly anonymousRetries: boolean
  readonly connectionEndsIgnored: boolean
  readonly #seed: number
  readonly #chronicle: Chronicle
  readonly #messages: { loss: number; duplication: number; delay: number; maxDelayMicros: number }
  readonly #ledgers = new Map<string, PartitionLedger>()
  readonly #producers = new Set<number>()
  readonly #undo = new Set<() => void>()
  readonly #cuts = new Map<string, number>()
  readonly #failedStarts = new Map<BrokerId, number>()
  #calm = false

  constructor(seed: number, swarm: BrokerSwarm, chronicle: Chronicle, core: Defects, defects: BrokerDefects) {
    this.#seed = seed
    this.anonymousRetries = defects.anonymousRetries
    this.connectionEndsIgnored = defects.connectionEndsIgnored
    this.swarm = swarm
    this.#chronicle = chronicle
    const all = swarm.disks.map((_, at) => at + 1)
    this.watch = new Watch(core, all.slice(0, swarm.brokers), all)
    if (NEWER_VERSION in swarm.faults) this.watch.releases = new ReleaseWatch()
    if (swarm.upkeep !== null) this.watch.upkeep = new UpkeepWatch(this.watch.metadata, this.watch.groups)
    this.#messages = { ...swarm.messages }
    const { clock } = new SimProcess(this.loop, { rate: 1, aheadMs: 0 })
    const noise = this.stream(1)
    this.network = new MemoryNetwork({ clock, random: randomOf(noise), ...swarm.network })
    this.brokers = swarm.disks.map((behaviour, at) => this.#broker(at + 1, behaviour, defects))
    this.cascades = new Cascades(this, defects)
    this.operator = new Operator(this, this.stream(800))
    this.security = new SecurityOperator(this)
    this.loop.onEvent = () => {
      this.watch.review()
      this.#chronicle.event(this.loop.now)
    }
  }

  /**
   * Randomness of its own for each part of the world, so that one fault more or less does not change what all others
   * do.
   */
  stream(part: number): SimRandom {
    return new SimRandom(this.#seed * 1_000 + part)
  }

  get ids(): readonly BrokerId[] {
    return this.inService.map(({ id }) => id)
  }

  get inService(): readonly SimBroker[] {
    return this.brokers.filter(({ present, gone }) => present && !gone)
  }

  get ledgers(): Iterable<PartitionLedger> {
    return this.#ledgers.values()
  }

  broker(id: BrokerId): SimBroker {
    return this.brokers[id - 1]!
  }

  anyBroker(random: SimRandom): SimBroker {
    const up = this.inService.filter((broker) => broker.up)
    return up.length > 0 && random.chance(0.9) ? random.pick(up) : random.pick(this.inService)
  }

  /** For producers: now and then a cascade broker, where there are any. */
  anyDoor(random: SimRandom): SimBroker | SimCascade {
    const { up } = this.cascades
    return up.length > 0 && random.chance(0.3) ? random.pick(up) : this.anyBroker(random)
  }

  hostOf(id: BrokerId): string {
    return hostOf(id)
  }

  /** Groups that a broker leads, as it says itself. */
  ledBy(id: BrokerId): number {
    let led = 0
    for (const group of this.watch.groups.values()) if (group.replica(id)?.isLeader) led++
    return led
  }

  /** The ledgers of a topic's partitions, as far as it has been created. */
  ledgersOf(name: string): PartitionLedger[] {
    const topic = this.watch.topic(name)
    return (topic?.partitions ?? []).map(({ group }, partition) => {
      const key = String(group)
      let ledger = this.#ledgers.get(key)
      if (ledger === undefined) this.#ledgers.set(key, (ledger = new PartitionLedger(name, partition, group)))
      return ledger
    })
  }

  shown(ledger: PartitionLedger, offset: Offset, result: FetchResult): void {
    const end = this.#committedEnd(ledger.group)
    this.watch.guard(() => ledger.show(offset, result, end))
    this.note(`offset ${offset} of ${ledger.topic}/${ledger.partition}: ${result.batches.length} batches`)
  }

  /** @throws Finding when the id was given before */
  newProducer(id: number): void {
    if (this.#producers.has(id)) throw new Finding('idempotence', `producer id ${id} was given twice`)
    this.#producers.add(id)
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.loop.after(ms * 1000, resolve))
  }

  /** A client's call of a broker. Rejects when the broker is down, or gives no answer in time. */
  call<Result, Broker extends SimBroker | SimCascade>(
    broker: Broker,
    ask: (life: NonNullable<Broker['life']>) => Promise<Result>,
    timeoutMs: number,
  ): Promise<Result> {
    const life: Broker['life'] = broker.life
    if (life === null) return Promise.reject(new Error('connection refused'))
    return new Promise((resolve, reject) => {
      const late = this.loop.after(timeoutMs * 1000, () => reject(new Error('no answer')))
      // Request and answer take time, and end with the process.
      this.loop.after(100, () => {
        life.process.run(() => {
          ask(life)
            .then(resolve, reject)
            .finally(() => late.cancel())
        })
      })
    })
  }

  note(text: string): void {
    this.#chronicle.note(this.loop.now, text)
  }

  loggerFor(id: BrokerId, process: SimProcess): Logger {
    const trace = this.#chronicle.isRead ? (text: string) => this.#chronicle.comment(this.loop.now, text) : null
    return brokerLogger(id, process, trace, this.watch)
  }

  startAll(): void {
    for (const broker of this.brokers.slice(0, this.swarm.brokers)) this.start(broker)
    this.cascades.startAll()
  }

  join(): SimBroker | null {
    const late = this.brokers.find(({ present }) => !present)
    if (late === undefined) return null
    this.start(late)
    return late
  }

  wipe(broker: SimBroker): void {
    if (!this.watch.metadata.brokers.has(broker.id) || broker.gone) return
    if (broker.machine.defects.sameIdAfterWipe) {
      this.#wipeInPlace(broker)
      return
    }
    const heir = this.join()
    if (heir === null) return
    this.note(`disk ${broker.id} is lost, broker ${heir.id} is to take its place`)
    broker.gone = true
    this.network.kill(hostOf(broker.id))
    broker.crash(true)
    void this.operator.replace(broker.id, heir.id)
  }

  /** A forbidden operation: the broker's data are gone, and it is still taken for the one that had them. */
  #wipeInPlace(broker: SimBroker): void {
    this.crash(broker, true, 100)
    broker.machine.disk.wipe('identity.json')
    broker.machine.store.wipe()
    this.watch.excused.add(broker.id)
  }

  operated(what: string): void {
    this.operations.set(what, (this.operations.get(what) ?? 0) + 1)
  }

  start(broker: SimBroker): void {
    if (broker.process !== null || broker.gone) return
    this.note(`broker ${broker.id} starts`)
    broker.start()
  }

  crash(broker: SimBroker, power: boolean, downMs: number): void {
    if (broker.process === null) return
    this.crashes++
    this.note(`broker ${broker.id} ${power ? 'loses its power' : 'is killed'} for ${Math.round(downMs)} ms`)
    this.#fall(broker, power, downMs)
  }

  /** Stops a broker in good order; one that takes too long is killed, as supervisors do. */
  stop(broker: SimBroker, downMs: number): void {
    if (!broker.up) return
    this.note(`broker ${broker.id} is told to stop`)
    const { process } = broker
    broker.onStopped = () => this.#fall(broker, false, downMs)
    broker.stop().catch((error: unknown) => this.note(`broker ${broker.id} cannot stop: ${error}`))
    this.loop.after(3_000_000, () => {
      if (broker.process === process && process?.alive) this.crash(broker, false, downMs)
    })
  }

  install(broker: SimBroker, release: Release, downMs: number): void {
    if (broker.release === release) return
    this.note(`broker ${broker.id} gets release ${release}`)
    broker.release = release
    if (broker.up) this.stop(broker, downMs)
    else this.crash(broker, false, downMs)
  }

  checkReleases(): void {
    for (const { id, life, running } of this.inService) {
      if (life === null || running === null || !life.node.api.readiness().ready) continue
      void life.node.api.describeCluster().then(({ featureLevel = 1 }) => {
        this.watch.guard(() => this.watch.releases!.isReady(id, running, featureLevel))
      })
    }
  }

  /** Links may be cut by several faults at once. */
  cut(from: BrokerId, to: BrokerId): void {
    const link = `${from}>${to}`
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1)
    this.network.cut(hostOf(from), hostOf(to))
  }

  heal(from: BrokerId, to: BrokerId): void {
    const link = `${from}>${to}`
    const cuts = (this.#cuts.get(link) ?? 0) - 1
    this.#cuts.set(link, cuts)
    if (cuts <= 0) this.network.heal(hostOf(from), hostOf(to))
  }

  rot(broker: BrokerId, _where: string, text: string): void {
    this.rots++
    this.note(`disk ${broker}: ${text}`)
  }

  /** Ends a fault after its time, or when faults end. */
  undoAfter(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    this.loop.after(ms * 1000, once)
  }

  /** From now on the seed's faults occur. */
  unleash(): void {
    faultClasses.forEach((fault, at) => {
      const mean = this.swarm.faults[fault.name]
      if (mean !== undefined) this.#strike(fault, mean, this.stream(100 + at))
    })
  }

  /** Faults end: links are whole, disks fast, every broker up. Rotten entries stay so until the brokers repair them. */
  calm(): void {
    this.#calm = true
    this.note('faults end')
    for (const undo of [...this.#undo]) undo()
    Object.assign(this.#messages, noMessageFaults)
    for (const broker of this.inService) {
      const { behaviour, scars } = broker.machine.disk
      // A broker that has run out of room gets a larger disk.
      Object.assign(behaviour, { failSync: false, tears: false, capacity: LARGE_DISK_BYTES })
      scars.next = null
      // The level may be raised by now, or be about to be.
      if (broker.release !== null) this.install(broker, 2, 1)
      if (broker.process === null) this.start(broker)
    }
    this.cascades.calm()
    void this.operator.finishUpgrade()
  }

  #strike(fault: FaultClass, mean: number, random: SimRandom): void {
    this.loop.after(randomGap(random, mean) * 1000, () => {
      if (this.#calm) return
      fault.strike(this, random)
      this.#strike(fault, mean, random)
    })
  }

  #fall(broker: SimBroker, power: boolean, downMs: number): void {
    this.network.kill(hostOf(broker.id))
    broker.crash(power)
    this.loop.after(downMs * 1000, () => this.start(broker))
  }

  #exited(broker: SimBroker): void {
    const failed = (this.#failedStarts.get(broker.id) ?? 0) + 1
    this.#failedStarts.set(broker.id, this.#calm ? failed : 0)
    if (this.#calm && failed > MOST_FAILED_STARTS)
      this.watch.report(new Finding('broker-cannot-start', `broker ${broker.id}: ${broker.failure}`))
    this.note(`broker ${broker.id} ends by itself: ${broker.failure}`)
    this.#fall(broker, false, RESTART_MS)
  }

  #committedEnd(group: GroupId): Offset {
    return this.watch.groups.get(group)?.committedEnd ?? 0
  }

  #broker(id: BrokerId, behaviour: BrokerSwarm['disks'][number], defects: BrokerDefects): SimBroker {
    const random = this.stream(10 + id)
    const disk = new SimDisk(this.loop, this.stream(30 + id), { ...behaviour, liesAboutSync: defects.disksLie })
    const store = new SimStore(this.loop, this.stream(50 + id), defects.cutBeforeFlush)
    const timepiece = { rate: this.swarm.rates[id - 1]!, aheadMs: 0 }
    const { loop, swarm, watch } = this
    const broker = new SimBroker(id, {
      loop,
      random,
      disk,
      store,
      timepiece,
      swarm,
      watch,
      defects,
      network: this.network.host(hostOf(id)),
      messages: this.#messages,
      logger: (process) => this.loggerFor(id, process),
    })
    broker.onExit = () => this.#exited(broker)
    return broker
  }
}

function randomOf(random: SimRandom): ConstructorParameters<typeof MemoryNetwork>[0]['random'] {
  const secret = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => random.below(256))
  return { below: (bound) => random.below(bound), uuid: () => String(random.next()), secret }
}
