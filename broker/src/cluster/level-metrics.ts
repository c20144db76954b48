import type { MetricTable } from '../platform/metric-table.ts'
import { featureLevels } from './metadata/feature-levels.ts'
import type { ClusterNode } from './node.ts'

export const levelMetrics: MetricTable<Pick<ClusterNode, 'featureLevel'>> = {
  counters: [],
  gauges: [
    [
      'tailrace_feature_level',
      'Feature level of the cluster, as far as this broker knows.',
      ({ featureLevel }) => featureLevel,
    ],
    [
      'tailrace_feature_level_highest',
      'Highest feature level that this broker supports; the cluster can be raised to the lowest one of all brokers.',
      () => featureLevels.highest,
    ],
  ],
}
