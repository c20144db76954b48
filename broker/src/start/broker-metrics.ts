import { METADATA_GROUP } from '@tailrace/schemas'
import { Registry } from 'prom-client'
import { belowSeries } from '../cascade/control/below-series.ts'
import type { LevelZeroControl } from '../cascade/control/level-zero-control.ts'
import { balanceMetrics } from '../cluster/balance/balance-metrics.ts'
import { levelMetrics } from '../cluster/level-metrics.ts'
import type { ClusterNode } from '../cluster/node.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { coordinatorMetrics, lagSeries } from '../consumer-groups/coordinator/coordinator-metrics.ts'
import { peerMetrics } from '../doors/peer/peer-metrics.ts'
import type { PeerStats } from '../doors/peer/stats.ts'
import type { HttpGatewayParts } from '../doors/server.ts'
import { logMetrics } from '../log/log-metrics.ts'
import type { LogStorage } from '../log/log-storage.ts'
import type { BrokerGroups } from '../partition/broker/groups.ts'
import { type PartitionNames, partitionFigures, partitionSeries } from '../partition/broker/partition-series.ts'
import { replicaMetrics } from '../partition/broker/replica-metrics.ts'
import { ReplicaTally } from '../partition/broker/replica-tally.ts'
import { publishStageMetrics } from '../partition/replica/publish/publish-stages.ts'
import { readStageMetrics } from '../partition/replica/read/read-stages.ts'
import type { Clock } from '../platform/clock.ts'
import { auditMetrics } from '../security/audit/audit-metrics.ts'
import type { AuditTrail } from '../security/audit/audit-trail.ts'
import { streamMetrics } from '../streams/leader/stream-metrics.ts'
import type { BrokerTls } from './credentials/tls.ts'
import { exposureMetrics } from './exposures.ts'
import { register } from './metrics/metrics-registry.ts'
import { PartitionPage, partitionPageMetrics } from './metrics/partition-page.ts'
import { seriesText } from './metrics/series-text.ts'
import { processMetrics } from './process-metrics.ts'
import { packageVersion } from './version.ts'

export interface MeasuredBroker {
  readonly settings: BrokerSettings
  readonly storage: LogStorage
  readonly groups: BrokerGroups
  readonly node: Pick<ClusterNode, 'places' | 'featureLevel' | 'coordinators' | 'streamLeaders' | 'balance'>
  readonly peers: PeerStats
  readonly tls: BrokerTls
  readonly exposed: readonly string[]
  readonly audit: AuditTrail
  readonly cascade: Pick<LevelZeroControl, 'below'>
  readonly clock: Clock
}

/** The page of metrics of a broker of level 0; the gateway adds its own. */
export function brokerMetrics(broker: MeasuredBroker): Required<Pick<HttpGatewayParts, 'registry' | 'series'>> {
  const registry = new Registry()
  const page = partitionPage(broker)
  register(registry, processMetrics, { version: packageVersion(), settings: broker.settings })
  register(registry, levelMetrics, broker.node)
  register(registry, logMetrics, broker.storage)
  register(registry, replicaMetrics, new ReplicaTally(broker.groups, broker.clock))
  register(registry, publishStageMetrics, broker.groups.stages)
  register(registry, readStageMetrics, broker.groups.readStages)
  register(registry, partitionPageMetrics, page)
  register(registry, peerMetrics, broker.peers)
  register(registry, exposureMetrics, broker.exposed)
  register(registry, auditMetrics, broker.audit)
  register(registry, coordinatorMetrics, broker.node.coordinators)
  register(registry, streamMetrics, broker.node.streamLeaders)
  register(registry, balanceMetrics, broker.node.balance)
  broker.tls.registerMetrics(registry)
  const series = async function* (ofPartitions: boolean): AsyncIterable<string> {
    if (ofPartitions) {
      yield* page.text()
      yield* lagText(broker)
    }
    yield* seriesText(belowSeries, broker.cascade.below(), broker.clock)
  }
  return { registry, series }
}

/** Left out by the settings that leave out the series of partitions. */
async function* lagText({ settings, node, clock }: MeasuredBroker): AsyncIterable<string> {
  const { metricsPerPartition, metricsMaxPartitions } = settings
  const lags = metricsPerPartition ? await node.coordinators.lags(metricsMaxPartitions) : null
  if (lags !== null) yield* seriesText(lagSeries, lags, clock)
}

function partitionPage({ settings, groups, node: { places }, clock }: MeasuredBroker) {
  const nameOf: PartitionNames = (group) => {
    const place = places.get(group)
    return place === undefined ? undefined : { topic: place.topic.name, partition: place.partition }
  }
  const figures = () => partitionFigures(groups, nameOf)
  // The metadata group is no partition.
  const count = (): number => groups.size - (groups.get(METADATA_GROUP) === undefined ? 0 : 1)
  return new PartitionPage(settings, clock, partitionSeries, { count, figures })
}
