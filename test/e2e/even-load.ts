import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { partitionForKey } from '@tailrace/schemas'
import type { ClusterProcesses } from './cluster-processes.ts'
import { highWatermarksOf } from './faults.ts'

const TICK_MS = 10
const VALUE_BYTES = 1000

/** The same number of records to each partition of a topic, without a pause, whatever happens to brokers. */
export class EvenLoad {
  readonly failures: string[] = []
  /** Milliseconds of the slowest publish since this was set to 0. */
  slowestMs = 0
  readonly #topic: string
  readonly #keys: readonly string[]
  readonly #recordsPerSecond: number
  readonly #producer: Producer
  readonly #acknowledged: string[][]
  readonly #running: Promise<void>
  #sent = 0
  #isOver = false

  constructor(cluster: ClusterProcesses, topic: string, partitions: number, recordsPerSecond: number) {
    this.#topic = topic
    this.#keys = keysOf(partitions)
    this.#recordsPerSecond = recordsPerSecond
    this.#acknowledged = this.#keys.map(() => [])
    this.#producer = new Producer({ ...cluster.sdk, lingerMs: 5 })
    this.#running = this.#run()
  }

  get sent(): number {
    return this.#sent
  }

  /** Sends no more; resolves when the outcome of every record is known. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
    await this.#producer.close()
  }

  /** After `stop`: what is lost, doubled or out of place when all is read again. */
  async problems(cluster: ClusterProcesses): Promise<string[]> {
    const ends = await highWatermarksOf(cluster, cluster.running[0]!, this.#topic)
    const total = ends.reduce((sum, end) => sum + end, 0)
    const problems = this.failures.slice(0, 5)
    if (total !== this.#sent) problems.push(`the topic holds ${total} records instead of ${this.#sent}`)
    const servers = cluster.running.map((id) => `ws://${cluster.http(id)}`)
    const consumer = new Consumer({ servers })
    let read = 0
    for await (const { partition, offset, value } of consumer.subscribe(this.#topic, { from: 'earliest' })) {
      const expected = this.#acknowledged[partition]![offset]
      if (expected !== numberOf(value)) problems.push(`${partition}@${offset} is ${numberOf(value)}, not ${expected}`)
      if (++read >= total || problems.length > 10) break
    }
    await consumer.close()
    return problems
  }

  async #run(): Promise<void> {
    const began = performance.now()
    while (!this.#isOver) {
      const due = ((performance.now() - began) / 1000) * this.#recordsPerSecond
      while (this.#sent < due) this.#send(this.#sent++)
      await new Promise((done) => setTimeout(done, TICK_MS))
    }
  }

  #send(number: number): void {
    const at = performance.now()
    const value = String(number).padEnd(VALUE_BYTES)
    this.#producer.send(this.#topic, { key: this.#keys[number % this.#keys.length]!, value }).then(
      ({ partition, offset }) => {
        this.slowestMs = Math.max(this.slowestMs, performance.now() - at)
        this.#acknowledged[partition]![offset] = String(number)
      },
      (error) => void this.failures.push(`record ${number}: ${error}`),
    )
  }
}

function numberOf(value: unknown): string {
  return String(value).trimEnd()
}

/** A key for each partition, in their order. */
function keysOf(partitions: number): string[] {
  const keys: string[] = new Array(partitions)
  for (let at = 0, found = 0; found < partitions; at++) {
    const partition = partitionForKey(new TextEncoder().encode(`key-${at}`), partitions)
    if (keys[partition] !== undefined) continue
    keys[partition] = `key-${at}`
    found += 1
  }
  return keys
}
