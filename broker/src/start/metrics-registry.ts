import { Counter, Gauge, type Registry } from 'prom-client'
import type { MetricTable } from '../platform/metric-table.ts'

/** Shows the figures of a part; they are read at each scrape. */
export function register<Part>(registry: Registry, table: MetricTable<Part>, part: Part): void {
  const registers = [registry]
  for (const [name, help, read] of table.counters) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(part))
      },
    })
  }
  for (const [name, help, read] of table.gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(part))
      },
    })
  }
}
