import { collectDefaultMetrics, type Gauge, type Registry } from 'prom-client'

/** A coarse loop monitor: at the default of 10 ms its timer alone would be most of the work of an idle broker. */
const PRECISION_MS = 200

const lags = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const
/** Gauges with the ending of counters; the ones without it tell the same by kind. */
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)
const MOST_SECONDS = 1e6

/**
 * The figures of the process that prom-client gives. Node measures how far apart the looks of its monitor are, and not
 * how late they are: an idle event loop would be shown with a lag of PRECISION_MS.
 */
export function processFigures(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: PRECISION_MS })
  for (const name of misnamed) registry.removeSingleMetric(name)
  for (const what of lags) {
    const gauge = registry.getSingleMetric(`nodejs_eventloop_lag_${what}_seconds`) as Gauge | undefined
    if (gauge === undefined) continue
    // The deviation is the same with and without the time between two looks.
    const included = what === 'stddev' ? 0 : PRECISION_MS / 1000
    const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void
    gauge.set = (labels: unknown, seconds?: number) => set(labels as object, lateness(seconds ?? 0, included))
  }
}

/** Before the first look there is no number, or the largest one. */
function lateness(seconds: number, included: number): number {
  const late = Math.max(0, seconds - included)
  return late < MOST_SECONDS ? late : 0
}
