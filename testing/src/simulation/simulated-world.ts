import { crc32 } from 'node:zlib'
import { type EmbeddedSettings, type LogLine, MemoryNetwork } from 'tailrace/embedded'
import type { StreamSocket } from '../network/stream-socket.ts'
import { hostOf, memoryPeerAddress } from '../network/wiring.ts'
import { TestBroker } from '../test-broker.ts'
import { type ClusterClock, TestCluster } from '../test-cluster.ts'
import { EventLoop } from './event-loop.ts'
import { FaultDriver, type Host } from './fault-driver.ts'
import type { Faults } from './faults.ts'
import { History } from './history.ts'
import { Program, ProgramLife, type ProgramWorld } from './program.ts'
import { seededRandom } from './seeded.ts'
import { SimRandom } from './sim-random.ts'
import { simulatedClock } from './simulated-clock.ts'
import { SimulatedMachine } from './simulated-machine.ts'

export interface WorldOptions {
  readonly seed: number
  readonly brokers: number
  readonly cascades: number
  readonly settings: EmbeddedSettings
  readonly faults: Faults
  readonly trace: ((line: string) => void) | undefined
}

const MiB = 1024 * 1024
/** Files are allocated ahead only for what scenarios write. Times are those of production. */
const small: EmbeddedSettings = { journalFileBytes: 2 * MiB, segmentBytes: 16 * MiB, tailBytes: 8 * MiB }

const LONGEST_START_MS = 60_000
/** What is under way on the disks of killed brokers is over by then. */
const LONGEST_END_MS = 600_000
const STREAMS_PER_SEED = 10_000
const [OF_NETWORK, OF_BROKERS, OF_FAULTS, OF_PROGRAMS] = [1, 1_000, 2_000, 3_000]

/** Brokers, programs and the network between them, on one clock and one seed. */
export class SimulatedWorld {
  readonly cluster: TestCluster
  /** What the scenario itself stands on. */
  readonly own: ProgramWorld
  readonly history: History
  readonly clock: ClusterClock
  readonly #options: WorldOptions
  readonly #loop = new EventLoop()
  readonly #network: MemoryNetwork
  readonly #machines: readonly SimulatedMachine[]
  readonly #driver: FaultDriver
  readonly #programs = new Map<string, Program>()
  readonly #hosts: Host[] = []
  readonly #cascadeHosts = new Set<string>()
  readonly #sockets = new Set<StreamSocket>()
  readonly #lives = new Set<ProgramLife>()
  #failure: { readonly error: unknown } | undefined

  constructor(options: WorldOptions) {
    this.#options = options
    const loop = this.#loop
    this.history = new History(() => loop.now / 1000, options.trace)
    loop.onEvent = () => this.history.event('event')
    const clock = simulatedClock(loop)
    this.clock = { ...clock, skip: (ms) => new Promise((resolve) => void clock.after(ms, resolve)) }
    const network = { random: seededRandom(this.stream(OF_NETWORK)), maxDelayMs: 2 }
    this.#network = new MemoryNetwork({ clock, ...network, onChunk: (...chunk) => this.#arrived(...chunk) })
    const ids = Array.from({ length: options.brokers + options.cascades }, (_, at) => at + 1)
    const [levelZero, below] = [ids.slice(0, options.brokers), ids.slice(options.brokers)]
    for (const id of below) this.#cascadeHosts.add(hostOf(id))
    this.#machines = ids.map((id) => this.#machine(id))
    const machines = this.#machines.map(({ machine }) => machine)
    const given = { ...small, ...options.settings }
    const founding = { ...given, join: levelZero.map(memoryPeerAddress) }
    const brokers = machines.slice(0, options.brokers).map((machine) => new TestBroker(machine, founding))
    const cascades = machines.slice(options.brokers).map((machine) => new TestBroker(machine, given, brokers))
    this.cluster = new TestCluster(brokers, cascades, machines, { network: this.#network, clock: this.clock })
    this.#driver = new FaultDriver({
      clock,
      network: this.#network,
      cluster: this.cluster,
      machines: this.#machines,
      programs: this.#programs,
      brokers: levelZero.map((id) => ({ host: hostOf(id), name: `broker ${id}` })),
      others: () => [...this.#hosts, ...below.map((id) => ({ host: hostOf(id), name: `cascade broker ${id}` }))],
      note: (text) => this.history.tell(text),
    })
    this.own = this.#life('the scenario').world
  }

  /** Events so far. */
  get events(): number {
    return this.#loop.events
  }

  /** Randomness of its own for each part of the world. */
  stream(part: number): SimRandom {
    return new SimRandom(this.#options.seed * STREAMS_PER_SEED + part)
  }

  /** Resolves when all brokers are ready. */
  start(): Promise<void> {
    return this.run(async () => {
      await this.#startAll()
      await this.cluster.ready(LONGEST_START_MS)
    }, LONGEST_START_MS)
  }

  /**
   * Lets time pass until the work is done.
   * @throws what the work throws, or a program; Error when `limitMs` simulated milliseconds have passed
   */
  async run<Result>(work: () => Promise<Result>, limitMs: number): Promise<Result> {
    let outcome: PromiseSettledResult<Result> | undefined
    void Promise.allSettled([work()]).then(([settled]) => (outcome = settled))
    await this.#loop.run(this.#loop.now + limitMs * 1000, () => outcome !== undefined || this.#failure !== undefined)
    if (this.#failure !== undefined) throw this.#failure.error
    if (outcome === undefined)
      throw new Error(
        `It has not ended after ${limitMs} simulated milliseconds. Does it wait for something outside of the simulation, ` +
          'such as a timer, a file or a connection of the machine?',
      )
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }

  unleash(): void {
    this.#driver.begin(this.#options.faults, (kind) => this.stream(OF_FAULTS + kind))
  }

  /** A program on a machine of its own, which begins at once. */
  program(name: string, run: (world: ProgramWorld) => Promise<unknown>): Program {
    if (this.#programs.has(name)) throw new Error(`There is a program ${name} already.`)
    const host = this.#nextHost(name)
    const random = this.stream(OF_PROGRAMS + this.#hosts.length)
    const begin = (): ProgramLife => {
      const life = this.#lifeOn(host, random)
      life
        .run(() => run(life.world))
        .catch((error: unknown) => {
          if (life.alive) this.#failure ??= { error }
        })
      return life
    }
    const network = this.#network
    const place = {
      kill: () => network.kill(host),
      suspend: () => network.suspend(host),
      resume: () => network.resume(host),
    }
    const program = new Program(name, place, begin)
    this.#programs.set(name, program)
    return program
  }

  /** Faults end, links are whole, and what is down starts; resolves when all brokers are ready. */
  async calm(): Promise<void> {
    this.#driver.end()
    this.cluster.heal()
    this.history.tell('faults end')
    for (const program of this.#programs.values()) {
      program.resume()
      if (!program.running) program.start()
    }
    await this.#startAll()
    await this.cluster.ready(LONGEST_START_MS)
  }

  /** Ends everything; nothing is left that would keep the process alive. */
  async end(): Promise<void> {
    this.#driver.end()
    this.#failure = undefined
    for (const life of this.#lives) life.end()
    await this.run(async () => {
      const closed = this.cluster.close()
      for (const socket of this.#sockets) socket.destroy()
      await closed
    }, LONGEST_END_MS)
  }

  async #startAll(): Promise<void> {
    const { brokers, cascades } = this.cluster
    const down = [...brokers, ...cascades].filter(({ state }) => state === 'down')
    await Promise.all(down.map((broker) => broker.start()))
  }

  #life(name: string): ProgramLife {
    const host = this.#nextHost(name)
    return this.#lifeOn(host, this.stream(OF_PROGRAMS))
  }

  #lifeOn(host: string, random: SimRandom): ProgramLife {
    const { cluster, clock } = this
    const note = (text: string): void => this.history.tell(text)
    const opened = (socket: StreamSocket): void => this.#opened(socket)
    const parts = { host, servers: cluster.servers, clock, network: this.#network, random, note, opened }
    const life = new ProgramLife(parts)
    this.#lives.add(life)
    return life
  }

  /** An address of its own. */
  #nextHost(name: string): string {
    const host = `127.1.0.${this.#hosts.length + 1}`
    this.#hosts.push({ host, name })
    return host
  }

  #machine(id: number): SimulatedMachine {
    return new SimulatedMachine(id, this.stream(OF_BROKERS + id), {
      loop: this.#loop,
      clock: this.clock,
      network: this.#network,
      log: (line) => this.#logged(line),
      opened: (socket) => this.#opened(socket),
    })
  }

  #opened(socket: StreamSocket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #arrived(from: string, to: string, chunk: Uint8Array): void {
    // The handshakes of HTTP name the time of day and a random key of the machine.
    const isHttp = [from, to].some((host) => !host.startsWith('127.0.') || this.#cascadeHosts.has(host))
    this.history.event(`${from} > ${to} ${chunk.length}${isHttp ? '' : ` ${crc32(chunk)}`}`)
  }

  #logged({ time: _, ...line }: LogLine): void {
    const { err } = line as { err?: { message?: unknown } }
    this.history.event(JSON.stringify({ ...line, err: err?.message }))
    this.history.tell(`broker ${line.broker}: ${line.msg}${err === undefined ? '' : `: ${err.message}`}`)
  }
}
