import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { viewMembers } from '../../e2e/operator.ts'
import { readMetrics } from '../broker-meter.ts'

const EVERY_MS = 100

export interface CopyFigures {
  /** From the first byte to the last, as the members report it. */
  readonly seconds: number
  readonly totalBytes: number
  /** Sent by all sources together. */
  readonly sentBytes: number
  /** Resident memory before the copy, and at its most meanwhile. */
  readonly newcomer: Memory
  /** Of the source that grew most. */
  readonly source: Memory
}

export interface Memory {
  readonly before: number
  readonly most: number
}

interface Brokers {
  readonly newcomer: number
  readonly sources: readonly number[]
}

/** Follows one copy of a partition to a new replica: bytes, time, and resident memory of both sides. */
export class CopyWatch {
  readonly #cluster: ClusterProcesses
  readonly #group: string
  readonly #brokers: Brokers
  readonly #memoryBefore = new Map<number, number>()
  readonly #memoryMost = new Map<number, number>()
  #sentBefore = 0
  #firstAt = 0
  #lastAt = 0
  received = 0
  totalBytes = 0
  #isOver = false
  #watching: Promise<void> = Promise.resolve()

  constructor(cluster: ClusterProcesses, group: string, brokers: Brokers) {
    this.#cluster = cluster
    this.#group = group
    this.#brokers = brokers
  }

  async start(): Promise<void> {
    this.#sentBefore = await this.#sent()
    for (const id of this.#all) this.#memoryBefore.set(id, await this.#memory(id))
    this.#watching = this.#watch()
  }

  async stop(): Promise<CopyFigures> {
    this.#isOver = true
    await this.#watching
    const { newcomer, sources } = this.#brokers
    return {
      seconds: (this.#lastAt - this.#firstAt) / 1000,
      totalBytes: this.totalBytes,
      sentBytes: (await this.#sent()) - this.#sentBefore,
      newcomer: this.#memoryOf(newcomer),
      source: sources.map((id) => this.#memoryOf(id)).sort((a, b) => b.most - b.before - (a.most - a.before))[0]!,
    }
  }

  get #all(): number[] {
    return [this.#brokers.newcomer, ...this.#brokers.sources]
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await Promise.all([this.#lookAtProgress(), ...this.#all.map((id) => this.#lookAtMemory(id))])
      await new Promise((done) => setTimeout(done, EVERY_MS))
    }
  }

  async #lookAtProgress(): Promise<void> {
    const view = await viewMembers(this.#cluster, this.#brokers.sources[0]!, this.#group)
    const copy = view?.members.find(({ broker }) => broker === this.#brokers.newcomer)?.copy
    if (copy === null || copy === undefined || copy.totalBytes === 0) return
    if (this.#firstAt === 0) this.#firstAt = performance.now()
    this.#lastAt = performance.now()
    this.received = copy.receivedBytes
    this.totalBytes = copy.totalBytes
  }

  async #lookAtMemory(id: number): Promise<void> {
    const now = await this.#memory(id).catch(() => 0)
    this.#memoryMost.set(id, Math.max(now, this.#memoryMost.get(id) ?? 0))
  }

  #memoryOf(id: number): Memory {
    return { before: this.#memoryBefore.get(id) ?? 0, most: this.#memoryMost.get(id) ?? 0 }
  }

  async #memory(id: number): Promise<number> {
    // A broker that is frozen meanwhile answers nothing.
    const metrics = await Promise.race([readMetrics(this.#cluster.http(id)), delay(1000, new Map<string, number>())])
    return metrics.get('process_resident_memory_bytes') ?? 0
  }

  async #sent(): Promise<number> {
    const all = await Promise.all(this.#brokers.sources.map((id) => readMetrics(this.#cluster.http(id))))
    return all.reduce((sum, metrics) => sum + metrics.get('tailrace_copy_bytes_sent_total')!, 0)
  }
}
