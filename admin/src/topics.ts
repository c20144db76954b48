import { type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Requests } from './requests.ts'
import type { TopicConfig, TopicDescription, TopicSummary } from './topic-answers.ts'
import { differencesOf, differencesText, type TopicDifference, type TopicSpec } from './topic-differences.ts'

/** Copies of each partition where nothing else is asked for. */
const USUAL_REPLICAS = 3

export interface EnsuredTopic {
  /** Whether this call has created it. */
  readonly isCreated: boolean
  readonly topic: TopicDescription
  /** Empty where it is as it is to be. */
  readonly differences: readonly TopicDifference[]
}

export async function createTopic(requests: Requests, name: string, spec: TopicSpec): Promise<TopicSummary> {
  const { partitions = 1, replicas = await usualReplicas(requests), config = {} } = spec
  return (await requests.once('POST', '/topics', { name, partitions, replicas, config })) as TopicSummary
}

/** Several programs may do this at the same time: one of them creates the topic. */
export async function ensureTopic(requests: Requests, name: string, spec: TopicSpec): Promise<EnsuredTopic> {
  const present = await describeIfAny(requests, name)
  if (present !== undefined) return { isCreated: false, topic: present, differences: differencesOf(present, spec) }
  const isCreated = await createTopic(requests, name, spec).then(
    () => true,
    (error) => {
      if (TailraceError.from(error).code === 'TOPIC_EXISTS') return false
      throw error
    },
  )
  // A broker that has not heard of it yet is asked again.
  const topic = await requests.patiently(() => describeIfAny(requests, name))
  return { isCreated, topic, differences: isCreated ? [] : differencesOf(topic, spec) }
}

export function differingError(name: string, differences: readonly TopicDifference[]): TailraceError {
  return new TailraceError('TOPIC_DIFFERS', `"${name}": ${differencesText(differences)}.`, { cause: differences })
}

export async function listTopics(requests: Requests): Promise<readonly TopicSummary[]> {
  return requests.list<TopicSummary>('/topics', 'topics')
}

export async function describeTopic(requests: Requests, name: string): Promise<TopicDescription> {
  const topic = (await requests.read(pathOf(name))) as TopicDescription
  if (!Array.isArray(topic?.partitions)) throw requests.strange('partitions')
  // A broker of an earlier version does not tell them.
  return { ...topic, settings: topic.settings ?? [] }
}

/** @throws TailraceError INVALID_SETTING, UNKNOWN_TOPIC, AUTHORIZATION_FAILED */
export async function alterTopic(
  requests: Requests,
  name: string,
  changes: Readonly<Record<string, TopicConfig[string] | null>>,
): Promise<TopicConfig> {
  return (await requests.again('PATCH', pathOf(name, '/config'), changes)) as TopicConfig
}

export async function addPartitions(requests: Requests, name: string, partitions: number): Promise<TopicSummary> {
  return (await requests.again('PATCH', pathOf(name), { partitions })) as TopicSummary
}

export async function deleteTopic(requests: Requests, name: string, topicId: string | undefined): Promise<void> {
  const query = topicId === undefined ? '' : `?topicId=${encodeURIComponent(topicId)}`
  await requests.once('DELETE', pathOf(name) + query)
}

/** Resolves with the offset at which the partition begins then. */
export async function deleteRecords(
  requests: Requests,
  name: string,
  partition: PartitionNumber,
  before: Offset | 'latest',
): Promise<Offset> {
  const path = partitionPath(name, partition, '/delete-records')
  // A second attempt for "latest" would take records that came in between.
  const { logStart } = (
    before === 'latest'
      ? await requests.once('POST', path, { before: -1 })
      : await requests.again('POST', path, { before })
  ) as { logStart: Offset }
  return logStart
}

export function partitionPath(name: string, partition: PartitionNumber, rest: string): string {
  return pathOf(name, `/partitions/${partition}${rest}`)
}

function pathOf(name: string, rest = ''): string {
  return `/topics/${encodeURIComponent(name)}${rest}`
}

async function describeIfAny(requests: Requests, name: string): Promise<TopicDescription | undefined> {
  try {
    return await describeTopic(requests, name)
  } catch (error) {
    if (TailraceError.from(error).code === 'UNKNOWN_TOPIC') return undefined
    throw error
  }
}

async function usualReplicas(requests: Requests): Promise<number> {
  const brokers = await requests.brokers()
  return Math.max(1, Math.min(USUAL_REPLICAS, brokers.filter(({ level }) => level === 0).length))
}
