import { Registry } from 'prom-client'
import { cascadeMetrics } from '../cascade/cascade-metrics.ts'
import { belowSeries } from '../cascade/control/below-series.ts'
import { copySeries } from '../cascade/copies/copy-series.ts'
import type { CascadeNode } from '../cascade/node.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { HttpGatewayParts } from '../doors/server.ts'
import type { CommittedLogs } from '../log/committed-logs.ts'
import { logMetrics } from '../log/log-metrics.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { auditMetrics } from '../security/audit/audit-metrics.ts'
import type { AuditTrail } from '../security/audit/audit-trail.ts'
import type { BrokerTls } from './credentials/tls.ts'
import { exposureMetrics } from './exposures.ts'
import { register } from './metrics/metrics-registry.ts'
import { PartitionPage, partitionPageMetrics } from './metrics/partition-page.ts'
import { seriesText } from './metrics/series-text.ts'
import { processMetrics } from './process-metrics.ts'
import { packageVersion } from './version.ts'

export interface MeasuredCascadeBroker {
  readonly settings: BrokerSettings
  readonly storage: CommittedLogs
  readonly node: CascadeNode
  readonly tls: BrokerTls
  readonly exposed: readonly string[]
  readonly audit: AuditTrail
}

/** The page of metrics of a cascade broker; the gateway adds its own. */
export function cascadeBrokerMetrics(broker: MeasuredCascadeBroker): Pick<HttpGatewayParts, 'registry' | 'series'> {
  const { settings, storage, node, tls, exposed, audit } = broker
  const registry = new Registry()
  const { partitions } = node
  const counted = { count: () => partitions.count, figures: () => partitions.all() }
  const page = new PartitionPage(settings, nodeClock, copySeries, counted)
  register(registry, processMetrics, { version: packageVersion(), settings })
  register(registry, logMetrics, storage)
  register(registry, cascadeMetrics, node)
  register(registry, partitionPageMetrics, page)
  register(registry, exposureMetrics, exposed)
  register(registry, auditMetrics, audit)
  tls.registerMetrics(registry)
  const series = async function* (ofPartitions: boolean): AsyncIterable<string> {
    if (ofPartitions) yield* page.text()
    yield* seriesText(belowSeries, node.below(), nodeClock)
  }
  return { registry, series }
}
