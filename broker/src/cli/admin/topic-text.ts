import { plural, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { TopicBody, TopicSummaryBody } from './answer-shapes.ts'
import type { SizedPartition } from './partition-sizes.ts'

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
export function topicText(topic: SizedTopic, width: number): string {
  const records = topic.partitions.reduce((sum, partition) => sum + partition.highWatermark - partition.logStart, 0)
  const head = [`topic    ${topic.name}`, `id       ${topic.id}`, `records  ${plural(records, 'record')}`]
  const sizes = topic.partitions.filter(({ sizeBytes }) => sizeBytes !== null)
  if (sizes.length > 0) {
    const [led, all] = [sum(sizes, 'sizeBytes'), sum(sizes, 'replicaBytes')]
    const part = sizes.length < topic.partitions.length ? ` in ${plural(sizes.length, 'partition')}` : ''
    head.push(`size     ${sizeText(led)}${part}, ${sizeText(all)} with all replicas`)
  }
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
      { title: 'SIZE', of: ({ sizeBytes }) => (sizeBytes === null ? '-' : sizeText(sizeBytes)), right: true },
    ],
    width,
  )
  const { settings } = topic
  if (settings !== undefined) return [head.join('\n'), settingsText(settings, width), partitions].join('\n\n')
  // A broker of an earlier version tells only of those that are set for the topic.
  const config = configText(topic.config)
  if (config !== '') head.push(`config   ${config}`)
  return `${head.join('\n')}\n\n${partitions}`
}

interface SizedTopic extends Omit<TopicBody, 'partitions'> {
  readonly partitions: readonly SizedPartition[]
}

function sum(partitions: readonly SizedPartition[], field: 'sizeBytes' | 'replicaBytes'): number {
  return partitions.reduce((bytes, partition) => bytes + (partition[field] ?? 0), 0)
}

function settingsText(settings: NonNullable<TopicBody['settings']>, width: number): string {
  return table(
    settings,
    [
      { title: 'SETTING', of: ({ name }) => name },
      { title: 'VALUE', of: ({ value }) => (value === null ? 'none' : String(value)) },
      { title: 'FROM', of: ({ source }) => source },
    ],
    width,
  )
}

/** Settings as `name=value`, for people. */
export function configText(config: Readonly<Record<string, unknown>>): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
