import { readMetrics } from '../bench/broker-meter.ts'
import type { ClusterProcesses } from './cluster-processes.ts'

const SAMPLE_MS = 250

/** Follows the resident memory of all brokers, as they report it themselves. */
export class MemoryWatch {
  readonly #cluster: ClusterProcesses
  readonly #timer: NodeJS.Timeout
  #peaks: number[]

  constructor(cluster: ClusterProcesses) {
    this.#cluster = cluster
    this.#peaks = cluster.ids.map(() => 0)
    this.#timer = setInterval(() => void this.#sample().catch(() => {}), SAMPLE_MS)
  }

  /** The most of each broker since the last call, in MB. */
  async takePeaks(): Promise<number[]> {
    await this.#sample()
    const peaks = this.#peaks
    this.#peaks = peaks.map(() => 0)
    return peaks.map((bytes) => Math.round(bytes / 1e6))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #sample(): Promise<void> {
    const all = await Promise.all(this.#cluster.ids.map((id) => readMetrics(this.#cluster.http(id))))
    all.forEach((metrics, at) => {
      this.#peaks[at] = Math.max(this.#peaks[at]!, metrics.get('process_resident_memory_bytes')!)
    })
  }
}
