import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import type { ClusterProcesses } from './cluster-processes.ts'

const PER_TICK = 5
const TICK_MS = 10

/**
 * A producer that publishes 500 records of 1 KB a second and a consumer that reads them, while other clients misbehave.
 */
export class Bystanders {
  readonly #topic: string
  readonly #producer: Producer
  readonly #consumer: Consumer
  readonly #latencies: number[] = []
  readonly #failures: string[] = []
  readonly #sent = new Map<string, string>()
  readonly #seen = new Map<string, string>()
  readonly #problems: string[] = []
  readonly #timer: NodeJS.Timeout
  readonly #reading: Promise<void>
  #published = 0
  #intended = performance.now()
  #arrived = (): void => {}

  constructor(cluster: ClusterProcesses, topic: string) {
    this.#topic = topic
    this.#producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
    this.#consumer = new Consumer({ servers: cluster.servers })
    this.#reading = this.#read()
    this.#timer = setInterval(() => this.#publishWhatIsDue(), TICK_MS)
  }

  /** Milliseconds from the intended time of sending to the acknowledgement, since the last call, ascending. */
  takeLatencies(): number[] {
    return this.#latencies.splice(0).sort((a, b) => a - b)
  }

  /**
   * Stops publishing, waits until all records are read or ten seconds have passed, and returns the problems: failed
   * publishes, records lost, doubled, changed or out of order.
   */
  async stop(): Promise<{ published: number; problems: string[] }> {
    clearInterval(this.#timer)
    await this.#producer.flush()
    const deadline = performance.now() + 10_000
    while (this.#seen.size < this.#sent.size && performance.now() < deadline) {
      await Promise.race([
        new Promise<void>((resolve) => (this.#arrived = resolve)),
        new Promise((resolve) => setTimeout(resolve, 1000)),
      ])
    }
    await this.#producer.close()
    await this.#consumer.close()
    await this.#reading
    for (const [place, value] of this.#sent) {
      if (this.#seen.get(place) !== value) this.#problems.push(`${place} was published and not read as it was`)
    }
    return { published: this.#sent.size, problems: [...this.#failures, ...this.#problems] }
  }

  /** Open loop: a record is sent when it is due, however slow the answers are. */
  #publishWhatIsDue(): void {
    for (; this.#intended <= performance.now(); this.#intended += TICK_MS) {
      for (let at = 0; at < PER_TICK; at += 1) this.#publish(this.#intended)
    }
  }

  #publish(intended: number): void {
    const value = `${this.#published++} `.padEnd(1000, '.')
    this.#producer.send(this.#topic, { key: `key ${this.#published % 32}`, value }).then(
      ({ partition, offset }) => {
        this.#latencies.push(performance.now() - intended)
        this.#sent.set(`${partition}/${offset}`, value)
      },
      (error) => void this.#failures.push(String(error)),
    )
  }

  async #read(): Promise<void> {
    const next = new Map<number, number>()
    for await (const { partition, offset, value } of this.#consumer.subscribe(this.#topic, { from: 'earliest' })) {
      const expected = next.get(partition) ?? 0
      if (offset !== expected) this.#problems.push(`partition ${partition}: read ${offset} instead of ${expected}`)
      next.set(partition, offset + 1)
      this.#seen.set(`${partition}/${offset}`, value!)
      this.#arrived()
    }
  }
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
