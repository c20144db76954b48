import { plural } from '../quantity.ts'
import { table } from '../table.ts'
import type { TopicBody, TopicSummaryBody } from './answer-shapes.ts'

/** Topics for people. */
export function topicListText(topics: readonly TopicSummaryBody[], width: number): string {
  if (topics.length === 0) return 'There are no topics. Create one with: tailrace topic create NAME'
  return table(
    topics,
    [
      { title: 'TOPIC', of: (topic) => topic.name },
      { title: 'PARTITIONS', of: (topic) => topic.partitions, right: true },
      { title: 'REPLICAS', of: (topic) => topic.replicas, right: true },
      { title: 'CONFIG', of: (topic) => configText(topic.config) },
    ],
    width,
  )
}

/** One topic and its partitions for people; a partition without a leader shows "none". */
export function topicText(topic: TopicBody, width: number): string {
  const records = topic.partitions.reduce((sum, partition) => sum + partition.highWatermark - partition.logStart, 0)
  const config = configText(topic.config)
  const head = [`topic    ${topic.name}`, `id       ${topic.id}`, `records  ${plural(records, 'record')}`]
  if (config !== '') head.push(`config   ${config}`)
  const partitions = table(
    topic.partitions,
    [
      { title: 'PARTITION', of: (partition) => partition.partition, right: true },
      { title: 'LEADER', of: (partition) => (partition.leader === 0 ? 'none' : partition.leader), right: true },
      { title: 'TERM', of: (partition) => partition.term, right: true },
      { title: 'REPLICAS', of: (partition) => partition.replicas.join(',') },
      { title: 'IN-SYNC', of: (partition) => partition.inSync.join(',') },
      { title: 'LOG-START', of: (partition) => partition.logStart, right: true },
      { title: 'HIGH-WATERMARK', of: (partition) => partition.highWatermark, right: true },
    ],
    width,
  )
  return `${head.join('\n')}\n\n${partitions}`
}

/** Settings as `name=value`, for people. */
export function configText(config: Readonly<Record<string, unknown>>): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
