import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { LabelledRow, MetricTable } from '../../platform/metric-table.ts'

/** Shows the figures of a part; they are read at each scrape. */
export function register<Part>(registry: Registry, table: MetricTable<Part>, part: Part): void {
  const registers = [registry]
  const refresh = sharedRefresh(table, part)
  for (const [name, help, read] of table.counters) {
    new Counter({
      name,
      help,
      registers,
      async collect() {
        await refresh?.()
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
      async collect() {
        await refresh?.()
        this.set(read(part))
      },
    })
  }
  for (const row of table.labelledCounters ?? []) registerLabelled(registry, Counter, row, part)
  for (const row of table.labelledGauges ?? []) registerLabelled(registry, Gauge, row, part)
  for (const [name, help, bounds, attach] of table.histograms ?? []) {
    const histogram = new Histogram({ name, help, buckets: [...bounds], registers })
    attach(part, (value) => histogram.observe(value))
  }
  for (const [name, help, label, bounds, attach] of table.labelledHistograms ?? []) {
    const histogram = new Histogram({ name, help, labelNames: [label], buckets: [...bounds], registers })
    // From the start: a series that appears later would hide its first events.
    attach(part, (value) => {
      histogram.zero({ [label]: value })
      const bound = histogram.labels(value)
      return (figure) => bound.observe(figure)
    })
  }
}

/** All metrics of a page are collected at once: one refresh serves them all. */
function sharedRefresh<Part>({ refresh }: MetricTable<Part>, part: Part): (() => Promise<void>) | undefined {
  if (refresh === undefined) return undefined
  let running: Promise<void> | null = null
  return () => {
    running ??= refresh(part).finally(() => {
      running = null
    })
    return running
  }
}

function registerLabelled<Part>(
  registry: Registry,
  kind: typeof Counter | typeof Gauge,
  [name, help, labelNames, read]: LabelledRow<Part>,
  part: Part,
): void {
  new kind({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const [values, figure] of read(part)) this.labels(...values).inc(figure)
    },
  })
}
