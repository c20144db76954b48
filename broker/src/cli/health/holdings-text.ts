import type { ClusterBody } from '../admin/answer-shapes.ts'
import { sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { BrokerHoldings, HeldPartition } from './holdings.ts'

/** The cluster with what each broker holds, for people. */
export function clusterHoldingsText(cluster: ClusterBody, brokers: readonly BrokerHoldings[], width: number): string {
  const alive = brokers.filter((broker) => broker.alive).length
  const head = [
    `cluster          ${cluster.clusterId}`,
    `metadata leader  ${cluster.metadataLeader === 0 ? 'none' : cluster.metadataLeader}`,
    `brokers          ${alive} of ${brokers.length} alive`,
  ]
  return `${head.join('\n')}\n\n${brokersText(brokers, width)}`
}

export function brokersText(brokers: readonly BrokerHoldings[], width: number): string {
  return table(
    brokers,
    [
      { title: 'BROKER', of: ({ id }) => id, right: true },
      { title: 'HTTP', of: ({ http }) => http },
      { title: 'LEVEL', of: ({ level }) => level, right: true },
      { title: 'ALIVE', of: ({ alive }) => (alive ? 'yes' : 'no') },
      { title: 'LEADERS', of: ({ leaders }) => leaders ?? '', right: true },
      { title: 'REPLICAS', of: ({ replicas }) => replicas ?? '', right: true },
      { title: 'SIZE', of: ({ sizeBytes }) => bytesText(sizeBytes), right: true },
      { title: 'FREE', of: ({ freeBytes }) => bytesText(freeBytes), right: true },
    ],
    width,
  )
}

function bytesText(bytes: number | null): string {
  return bytes === null ? '' : sizeText(bytes)
}

/** One broker and the partitions that it holds, for people. */
export function brokerText(broker: BrokerHoldings, partitions: readonly HeldPartition[] | null, width: number): string {
  const head = brokersText([broker], width)
  if (broker.problem !== '') return `${head}\n\nThe broker does not tell what it holds: ${broker.problem}`
  if (partitions === null) {
    return `${head}\n\nThe broker shows no series of each partition: see metricsPerPartition and metricsMaxPartitions in docs/configuration.md.`
  }
  if (partitions.length === 0) return `${head}\n\nIt holds no partition of a topic.`
  const held = table(
    partitions,
    [
      { title: 'PARTITION', of: ({ topic, partition }) => `${topic}/${partition}` },
      { title: 'ROLE', of: ({ leader }) => (leader ? 'leader' : 'follower') },
      { title: 'TERM', of: ({ term }) => term ?? '', right: true },
      { title: 'LOG-START', of: ({ logStart }) => logStart, right: true },
      { title: 'HIGH-WATERMARK', of: ({ highWatermark }) => highWatermark, right: true },
      { title: 'SIZE', of: ({ sizeBytes }) => sizeText(sizeBytes), right: true },
    ],
    width,
  )
  return `${head}\n\n${held}`
}
