import { Producer } from '@tailrace/producer'
import type { ClusterProcesses } from './cluster-processes.ts'
import { highWatermarksOf } from './faults.ts'
import { FlightHistory } from './flight-history.ts'
import { type Flight, readFlights } from './flights.ts'
import { collect } from './publish-under-faults.ts'

const PRODUCERS = 3
/** Read before anything is sent: while a file is decompressed this process does no other work. */
const ROWS = 200_000
const TICK_MS = 5

interface Acknowledgement {
  readonly partition: number
  readonly sentAt: number
  readonly at: number
}

/**
 * Flights from three idempotent producers without a pause, each key always through the same one so that its order is
 * defined; remembers when the acknowledged records. Open loop: a record is sent when it is due, however slow the
 * answers are.
 */
export class FlightLoad {
  readonly #topic: string
  readonly #rowsPerSecond: number
  readonly #rows: readonly Flight[]
  readonly #producers: readonly Producer[]
  readonly #producerOf = new Map<string, Producer>()
  readonly #history = new FlightHistory()
  readonly #acknowledgements: Acknowledgement[] = []
  readonly #failures: string[] = []
  readonly #running: Promise<void>
  #sent = 0
  #isOver = false

  static async start(cluster: ClusterProcesses, topic: string, rowsPerSecond: number): Promise<FlightLoad> {
    const load = new FlightLoad(cluster, topic, rowsPerSecond, await readFlights(0, ROWS))
    await load.nextAcknowledgement()
    return load
  }

  private constructor(cluster: ClusterProcesses, topic: string, rowsPerSecond: number, rows: readonly Flight[]) {
    this.#topic = topic
    this.#rows = rows
    this.#rowsPerSecond = rowsPerSecond
    this.#producers = Array.from({ length: PRODUCERS }, () => new Producer({ ...cluster.sdk, lingerMs: 2 }))
    this.#running = this.#run()
  }

  get acknowledged(): number {
    return this.#history.acknowledgements
  }

  /** Judges a copy of the topic by what is acknowledged now; records that are sent later may be in it or not. */
  acknowledgedUntilNow(): FlightHistory {
    return this.#history.untilNow()
  }

  get failures(): readonly string[] {
    return this.#failures
  }

  /** Milliseconds from now until a record that is sent from now on is acknowledged. */
  async nextAcknowledgement(timeoutMs = 30_000): Promise<number> {
    const from = performance.now()
    let looked = this.#acknowledgements.length
    while (performance.now() < from + timeoutMs) {
      for (; looked < this.#acknowledgements.length; looked++) {
        const { sentAt, at } = this.#acknowledgements[looked]!
        if (sentAt >= from) return at - from
      }
      await new Promise((done) => setTimeout(done, 2))
    }
    throw new Error(`nothing was acknowledged for ${timeoutMs} ms; ${this.#failures.length} publishes failed`)
  }

  /**
   * The longest time between two acknowledgements of one partition, in milliseconds; times are those of
   * `performance.now()`.
   */
  longestGap(from: number, to: number): number {
    const last = new Map<number, number>()
    for (const { partition } of this.#acknowledgements) last.set(partition, from)
    let longest = 0
    for (const { partition, at } of this.#acknowledgements) {
      if (at < from || at > to) continue
      longest = Math.max(longest, at - last.get(partition)!)
      last.set(partition, at)
    }
    for (const at of last.values()) longest = Math.max(longest, to - at)
    return longest
  }

  /** Sends no more; resolves when the outcome of every record is known. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
    await Promise.all(this.#producers.map((producer) => producer.close()))
  }

  /** For the end of a test that may have failed: waits for no answer. */
  async abandon(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#producers.map((producer) => producer.close({ timeoutMs: 1 })))
    await this.#running
  }

  /**
   * The problems when all records are read again after `stop`, through brokers that run: records lost, doubled,
   * changed, out of order, publishes failed.
   */
  async problems(cluster: ClusterProcesses): Promise<string[]> {
    const through = cluster.running[0]!
    const total = (await highWatermarksOf(cluster, through, this.#topic)).reduce((sum, offset) => sum + offset, 0)
    const problems = this.#failures.slice(0, 5)
    if (total !== this.#sent) problems.push(`the topic holds ${total} records instead of ${this.#sent}`)
    if (this.acknowledged !== this.#sent) problems.push(`${this.acknowledged} of ${this.#sent} were acknowledged`)
    problems.push(...this.#history.problems('reader', await collect(cluster, this.#topic, total)))
    return problems
  }

  async #run(): Promise<void> {
    const began = performance.now()
    while (!this.#isOver) {
      const due = ((performance.now() - began) / 1000) * this.#rowsPerSecond
      while (this.#sent < due && this.#sent < ROWS) this.#send(this.#rows[this.#sent]!)
      if (this.#sent === ROWS) return void this.#failures.push(`there are no more than ${ROWS} rows`)
      await new Promise((done) => setTimeout(done, TICK_MS))
    }
  }

  #send(flight: Flight): void {
    const producer = this.#producerOf.get(flight.key) ?? this.#producers[this.#producerOf.size % PRODUCERS]!
    this.#producerOf.set(flight.key, producer)
    this.#history.sent(flight)
    this.#sent++
    const sentAt = performance.now()
    producer.send(this.#topic, { key: flight.key, value: flight.value }).then(
      ({ partition, offset }) => {
        this.#history.acknowledged(flight.row, { partition, offset })
        this.#acknowledgements.push({ partition, sentAt, at: performance.now() })
      },
      (error) => void this.#failures.push(`row ${flight.row}: ${error}`),
    )
  }
}
