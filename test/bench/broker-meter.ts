import type { ClusterProcesses } from '../e2e/cluster-processes.ts'

/** The resources that the brokers used, summed over them, between `start` and `stop`. */
export interface BrokerUse {
  readonly cpuSeconds: number
  readonly syncs: number
  readonly journalBytes: number
  readonly segmentBytes: number
  /** Of the broker with the most, while measured. */
  readonly peakBytes: number
}

/** As often as a monitoring system would at most: answering costs a broker some milliseconds. */
const SAMPLE_MS = 4000

/** Reads the brokers' own /metrics. */
export class BrokerMeter {
  readonly #cluster: ClusterProcesses
  #before: Map<string, number>[] = []
  #peakBytes = 0
  #sampler: NodeJS.Timeout | undefined

  constructor(cluster: ClusterProcesses) {
    this.#cluster = cluster
  }

  async start(): Promise<void> {
    this.#before = await this.#read()
    this.#sampler = setInterval(() => void this.#read().catch(() => undefined), SAMPLE_MS)
  }

  async stop(): Promise<BrokerUse> {
    clearInterval(this.#sampler)
    const after = await this.#read()
    const grown = (name: string): number =>
      after.reduce(
        (sum, metrics, at) => sum + (metrics.get(name) ?? Number.NaN) - (this.#before[at]!.get(name) ?? 0),
        0,
      )
    return {
      cpuSeconds: grown('process_cpu_seconds_total'),
      syncs: grown('tailrace_log_syncs_total'),
      journalBytes: grown('tailrace_log_journal_bytes_total'),
      segmentBytes: grown('tailrace_log_segment_bytes_total'),
      peakBytes: this.#peakBytes,
    }
  }

  async #read(): Promise<Map<string, number>[]> {
    const { authorization } = this.#cluster
    const all = await Promise.all(this.#cluster.ids.map((id) => readMetrics(this.#cluster.http(id), authorization)))
    for (const metrics of all)
      this.#peakBytes = Math.max(this.#peakBytes, metrics.get('process_resident_memory_bytes') ?? 0)
    return all
  }
}

export async function readMetrics(
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Map<string, number>> {
  const text = await (await fetch(`http://${address}/metrics`, { headers })).text()
  const metrics = new Map<string, number>()
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ')
    if (space > 0 && !line.startsWith('#')) metrics.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return metrics
}
