import { Counter, Gauge, type Registry } from 'prom-client'
import type { MetricTable } from '../platform/metric-table.ts'

/** Shows what a part keeps; its values are read when somebody asks. */
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
