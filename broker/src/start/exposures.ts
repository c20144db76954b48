import type { BrokerSettings } from '../config/broker-settings.ts'
import { exposures } from '../config/exposure.ts'
import type { Logger } from '../platform/logger.ts'
import type { MetricTable } from '../platform/metric-table.ts'

/** So that an open port is seen where operators look anyway. */
export const exposureMetrics: MetricTable<readonly string[]> = {
  counters: [],
  gauges: [
    [
      'tailrace_insecure_ports',
      'Ports beyond this machine on which any client, or any broker, may do everything (setting insecure).',
      (exposed) => exposed.length,
    ],
  ],
}

/** Logs each exposed port, and returns the sentences. */
export function tellExposures(settings: BrokerSettings, log: Logger): readonly string[] {
  const found = exposures(settings)
  for (const exposure of found) log.warn({ insecure: true }, exposure)
  return found
}
