import { collectDefaultMetrics, type Gauge, type Registry } from 'prom-client'

/** A coarse loop monitor: at the default of 10 ms its timer alone would be most of the work of an idle broker. */
const PRECISION_MS = 200

/** The figures that contain the time between two looks of the monitor. */
const shifted = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map((what) => `nodejs_eventloop_lag_${what}_seconds`)
/** Before the first look there is no least delay: Node tells the largest number that it can hold. */
const MOST_SECONDS = 1e6

/**
 * The figures of the process that prom-client gives. Node measures how far apart the looks of its monitor are, and not
 * how late they are: an idle event loop would be shown with a lag of PRECISION_MS.
 */
export function processFigures(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: PRECISION_MS })
  for (const name of shifted) {
    const gauge = registry.getSingleMetric(name) as Gauge | undefined
    if (gauge === undefined) continue
    const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void
    gauge.set = (labels: unknown, seconds?: number) => {
      const late = Math.max(0, (seconds ?? 0) - PRECISION_MS / 1000)
      set(labels as object, late < MOST_SECONDS ? late : 0)
    }
  }
}
