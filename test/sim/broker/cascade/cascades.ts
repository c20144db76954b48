import type { BrokerId } from '@tailrace/schemas'
import type { Logger } from '../../../../broker/src/platform/logger.ts'
import type { MemoryNetwork } from '../../../../broker/src/platform/memory/network.ts'
import type { EventLoop } from '../../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { BrokerDefects } from '../defects.ts'
import { SimDisk } from '../disk/sim-disk.ts'
import { SimStore } from '../disk/sim-store.ts'
import { Finding } from '../finding.ts'
import type { SimProcess } from '../sim-process.ts'
import { type BrokerSwarm, type CascadeShape, hostOf } from '../swarm.ts'
import type { Watch } from '../watch.ts'
import { CascadeWatch } from './cascade-watch.ts'
import { SimCascade } from './sim-cascade.ts'

/** The part of a world that its cascade brokers need. */
export interface CascadeWorld {
  readonly loop: EventLoop
  readonly network: MemoryNetwork
  readonly swarm: BrokerSwarm
  readonly watch: Watch
  stream(part: number): SimRandom
  note(text: string): void
  loggerFor(broker: BrokerId, process: SimProcess): Logger
}

/** A supervisor starts a broker that ended by itself again. */
const RESTART_MS = 500
const LARGE_DISK_BYTES = 2 ** 40
const STOP_MS = 3_000
/** Streams of randomness, some for each broker. */
const FIRST_STREAM = 910
/** So many ends in a row are one too many once nothing fails any more. */
const MOST_FAILED_STARTS = 5

/** The cascade brokers of a world, with their machines. */
export class Cascades {
  readonly all: readonly SimCascade[]
  readonly watch: CascadeWatch
  crashes = 0
  readonly #world: CascadeWorld
  readonly #failedStarts = new Map<BrokerId, number>()
  #calm = false

  constructor(world: CascadeWorld, defects: BrokerDefects) {
    this.#world = world
    this.watch = new CascadeWatch(world.watch)
    const { brokers = [] } = world.swarm.cascades ?? {}
    this.all = brokers.map((shape, at) => this.#broker(shape, FIRST_STREAM + at * 10, defects))
  }

  get up(): readonly SimCascade[] {
    return this.all.filter(({ life }) => life !== null)
  }

  start(cascade: SimCascade): void {
    if (cascade.process !== null) return
    this.#world.note(`cascade broker ${cascade.id} starts`)
    cascade.start()
  }

  startAll(): void {
    for (const cascade of this.all) this.start(cascade)
  }

  crash(cascade: SimCascade, power: boolean, downMs: number): void {
    if (cascade.process === null) return
    this.crashes++
    const end = power ? 'loses its power' : 'is killed'
    this.#world.note(`cascade broker ${cascade.id} ${end} for ${Math.round(downMs)} ms`)
    this.#fall(cascade, power, downMs)
  }

  /** Stops one in good order; one that takes too long is killed, as supervisors do. */
  stop(cascade: SimCascade, downMs: number): void {
    if (cascade.life === null) return
    this.#world.note(`cascade broker ${cascade.id} is told to stop`)
    const { process } = cascade
    cascade.onStopped = () => this.#fall(cascade, false, downMs)
    cascade.stop().catch((error: unknown) => this.#world.note(`cascade broker ${cascade.id} cannot stop: ${error}`))
    this.#world.loop.after(STOP_MS * 1000, () => {
      if (cascade.process === process && process?.alive) this.crash(cascade, false, downMs)
    })
  }

  /** Disks are sound and every broker is up, or soon will be. */
  calm(): void {
    this.#calm = true
    for (const cascade of this.all) {
      Object.assign(cascade.machine.disk.behaviour, { failSync: false, capacity: LARGE_DISK_BYTES })
      this.start(cascade)
    }
  }

  #fall(cascade: SimCascade, power: boolean, downMs: number): void {
    this.#world.network.kill(hostOf(cascade.id))
    cascade.crash(power)
    this.#world.loop.after(downMs * 1000, () => this.start(cascade))
  }

  #exited(cascade: SimCascade): void {
    const { id, failure } = cascade
    const failed = this.#calm ? (this.#failedStarts.get(id) ?? 0) + 1 : 0
    this.#failedStarts.set(id, failed)
    if (failed > MOST_FAILED_STARTS)
      this.#world.watch.report(new Finding('broker-cannot-start', `cascade broker ${id}: ${failure}`))
    this.#world.note(`cascade broker ${id} ends by itself: ${failure}`)
    this.#fall(cascade, false, RESTART_MS)
  }

  #broker({ id, level, sources, disk, rate }: CascadeShape, stream: number, defects: BrokerDefects): SimCascade {
    const world = this.#world
    const { loop, swarm } = world
    const cascade = new SimCascade(id, level, {
      loop,
      swarm,
      defects,
      sources,
      watch: this.watch,
      random: world.stream(stream),
      network: world.network.host(hostOf(id)),
      disk: new SimDisk(loop, world.stream(stream + 1), { ...disk, liesAboutSync: false }),
      store: new SimStore(loop, world.stream(stream + 2)),
      timepiece: { rate, aheadMs: 0 },
      logger: (broker, process) => world.loggerFor(broker, process),
    })
    cascade.onExit = () => this.#exited(cascade)
    return cascade
  }
}
