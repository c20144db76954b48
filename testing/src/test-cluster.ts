import type { Clock, TopicConfig } from 'tailrace/embedded'
import type { Machine } from './machine.ts'
import { type ClusterNetwork, hostOf } from './network/wiring.ts'
import type { TestBroker } from './test-broker.ts'

export interface NewTopic {
  /** Default: 1. */
  readonly partitions?: number
  /** Default: as many as there are brokers, 3 at most. */
  readonly replicas?: number
  readonly config?: TopicConfig
}

/** The time of all brokers. */
export interface ClusterClock extends Clock {
  /** Resolves when `ms` milliseconds have passed, or been skipped. */
  skip(ms: number): Promise<void>
}

/** Brokers within this process, and the network between them. */
export class TestCluster implements AsyncDisposable {
  readonly brokers: readonly TestBroker[]
  /** Cascade brokers of level 1. */
  readonly cascades: readonly TestBroker[]
  readonly #machines: readonly Machine[]
  readonly #network: ClusterNetwork
  readonly #clock: ClusterClock

  constructor(
    brokers: readonly TestBroker[],
    cascades: readonly TestBroker[],
    machines: readonly Machine[],
    { network, clock }: { readonly network: ClusterNetwork; readonly clock: ClusterClock },
  ) {
    this.brokers = brokers
    this.cascades = cascades
    this.#machines = machines
    this.#network = network
    this.#clock = clock
  }

  /** For `new Producer({ servers })` and `new Consumer({ servers })`. */
  get servers(): string[] {
    return this.brokers.map(({ server }) => server)
  }

  /** @throws RangeError without a broker of that number; the first one has number 1 */
  broker(id: number): TestBroker {
    const broker = this.brokers[id - 1]
    if (broker === undefined) throw new RangeError(`There is no broker ${id}: they are 1 to ${this.brokers.length}.`)
    return broker
  }

  /** @throws RangeError without a cascade broker of that number; the first one has number 1 */
  cascade(number: number): TestBroker {
    const cascade = this.cascades[number - 1]
    if (cascade !== undefined) return cascade
    throw new RangeError(`There is no cascade broker ${number}: there are ${this.cascades.length}.`)
  }

  /**
   * Creates a topic through a broker that is ready; producers may send to it at once.
   * @throws TailraceError as `POST /topics`; Error while no broker is ready
   */
  async createTopic(name: string, { partitions = 1, replicas = this.#replicas, config }: NewTopic = {}): Promise<void> {
    const broker = this.brokers.find(({ ready }) => ready)
    if (broker === undefined) throw new Error('No broker is ready.')
    await broker.createTopic({ name, partitions, replicas, ...(config !== undefined && { config }) })
  }

  /**
   * Cuts the network between brokers, cascade brokers among them: those of different sides do not reach each other, in
   * either direction; a broker that is named on no side keeps all its connections. Clients reach all. Replaces the cuts
   * of before.
   * @throws RangeError without a broker of that id
   */
  partition(...sides: readonly (readonly (number | TestBroker)[])[]): void {
    const hosts = sides.map((side) => side.map((one) => hostOf(this.#idOf(one))))
    this.heal()
    for (const [at, side] of hosts.entries())
      for (const other of hosts.slice(at + 1))
        for (const here of side) for (const there of other) this.#cut(here, there)
  }

  /** Ends all cuts. */
  heal(): void {
    const hosts = this.#all.map(({ id }) => hostOf(id))
    for (const here of hosts) for (const there of hosts) if (here !== there) this.#network.heal(here, there)
  }

  /**
   * Resolves when each broker that runs is ready, cascade brokers among them.
   * @throws Error after `timeoutMs`, with the brokers that are not
   */
  async ready(timeoutMs = 10_000): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs
    for (;;) {
      const waiting = this.#all.filter((broker) => broker.state !== 'down' && !broker.ready)
      if (waiting.length === 0) return
      if (this.#clock.monotonic() > deadline)
        throw new Error(`Not ready after ${timeoutMs} ms: brokers ${waiting.map(({ id }) => id).join(', ')}.`)
      await new Promise<void>((done) => this.#clock.after(LOOK_EVERY_MS, done))
    }
  }

  /**
   * The brokers' clocks skip so many milliseconds, and all happens that would have happened meanwhile: retention,
   * sessions that end, delayed records. Clients' clocks do not skip.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms <= LONGEST_SKIP_MS))
      throw new RangeError(`ms is ${ms}, but must be a number from 0 to ${LONGEST_SKIP_MS}.`)
    await this.#clock.skip(ms)
  }

  /** Ends all brokers; nothing is left of them. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((broker) => broker.kill()))
    // Connections over a cut link have not ended yet.
    this.heal()
    await Promise.all(this.#machines.map(({ port }) => port.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #replicas(): number {
    return Math.min(this.brokers.length, 3)
  }

  get #all(): readonly TestBroker[] {
    return [...this.brokers, ...this.cascades]
  }

  #idOf(one: number | TestBroker): number {
    const id = typeof one === 'number' ? one : one.id
    const all = this.#all
    if (all.some((broker) => broker.id === id)) return id
    throw new RangeError(`There is no broker of id ${id}: ids are 1 to ${all.length}.`)
  }

  #cut(here: string, there: string): void {
    this.#network.cut(here, there)
    this.#network.cut(there, here)
  }
}

const LOOK_EVERY_MS = 2
/** A year. */
const LONGEST_SKIP_MS = 365 * 24 * 3_600_000
