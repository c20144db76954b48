import type {
  BrokerSettings,
  CreateTopicRequest,
  EmbeddedSettings,
  RunningBroker,
  Surroundings,
} from 'tailrace/embedded'
import { embeddedSettings, memoryLogger, startBroker, startCascadeBroker, TailraceError } from 'tailrace/embedded'
import { BrokerLife } from './broker-life.ts'
import type { Machine } from './machine.ts'
import { hostOf } from './network/wiring.ts'

export type BrokerState = 'down' | 'starting' | 'running'

/** A broker of a test cluster: the shipped one, on a machine that it can lose. */
export class TestBroker {
  readonly id: number
  readonly #machine: Machine
  readonly #given: EmbeddedSettings
  /** Those that a cascade broker copies from; null: it is of level 0. */
  readonly #sources: readonly TestBroker[] | null
  #life: BrokerLife | null = null
  #running: RunningBroker | null = null
  /** Fulfilled when the files of the lives before are closed. */
  #released: Promise<unknown> = Promise.resolve()

  constructor(machine: Machine, given: EmbeddedSettings, sources: readonly TestBroker[] | null = null) {
    this.id = machine.id
    this.#machine = machine
    this.#given = given
    this.#sources = sources
  }

  /** For producers and consumers: `ws://127.0.0.1:PORT`. The same in all lives of the broker. */
  get server(): string {
    return `ws://${this.#machine.port.address}`
  }

  /** For HTTP clients and browsers: `http://127.0.0.1:PORT`. */
  get http(): string {
    return `http://${this.#machine.port.address}`
  }

  get state(): BrokerState {
    if (this.#life === null) return 'down'
    return this.#running === null ? 'starting' : 'running'
  }

  /** Whether it knows a leader and serves clients. */
  get ready(): boolean {
    return this.#running?.api.readiness().ready ?? false
  }

  /**
   * Starts with what its disk holds. Resolves when it runs, which is before it is ready.
   * @throws TailraceError INVALID_SETTING; Error if it is not down
   */
  async start(): Promise<void> {
    if (this.#life !== null) throw new Error(`Broker ${this.id} runs already.`)
    const life = new BrokerLife()
    this.#life = life
    await this.#released
    try {
      const start = this.#sources === null ? startBroker : startCascadeBroker
      const running = await start(this.#settings(), this.#surroundings(life))
      if (!life.ended) this.#running = running
    } catch (error) {
      if (!life.ended) await this.kill()
      throw error
    }
  }

  /** @throws TailraceError INVALID_TOPIC_NAME, TOPIC_EXISTS and the others of `POST /topics`; Error if it is down */
  async createTopic(topic: CreateTopicRequest): Promise<void> {
    if (this.#running === null) throw new Error(`Broker ${this.id} is not running.`)
    await this.#running.api.createTopic(topic)
  }

  /**
   * As `kill -9`: from the call on nothing more is sent, written or answered. What was written stays. Resolves when the
   * files are closed.
   */
  async kill(): Promise<void> {
    const { network, port } = this.#machine
    if (this.#life !== null) {
      this.#released = this.#life.end()
      this.#life = null
      this.#running = null
      network.kill(hostOf(this.id))
      port.detach()
    }
    await this.#released
  }

  /** As on SIGTERM: answers what waits, then closes its log. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.stop()
    await this.kill()
  }

  #settings(): BrokerSettings {
    const { id, data, port, peer } = this.#machine
    const own = { ...this.#given, id, data, http: port.address }
    if (this.#sources !== null)
      return embeddedSettings({ ...own, source: this.#sources.map((one) => one.#machine.port.address) })
    const settings = embeddedSettings({ ...own, peer })
    if (settings.peerTls === 'off') return settings
    throw new TailraceError(
      'INVALID_SETTING',
      'peerTls must be off: the brokers of a test cluster are one process, and have connections without TLS between them.',
    )
  }

  #surroundings(life: BrokerLife): Surroundings {
    const { clock, random, crypto, pid, readConsole, disk, openState, network, dial, port, log } = this.#machine
    return {
      clock: life.clock(clock),
      random,
      crypto,
      pid,
      readConsole,
      disk: life.disk(disk),
      network: life.network(network.host(hostOf(this.id))),
      dial: life.dial(dial),
      attach: async (server) => {
        port.attach(server)
        return port.address
      },
      openLogger: ({ id, logLevel }) => memoryLogger(id, logLevel, log),
      openState: async (...store) => life.store(await openState(...store)),
      openFiles: () => null,
      takeFolder: (folder) => disk.makeFolder(folder),
      attend: async () => () => {},
      fail: () => void this.kill(),
    }
  }
}
