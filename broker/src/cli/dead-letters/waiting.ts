import type { Offset, PartitionNumber } from '@tailrace/schemas'
import { DEAD_LETTER_GROUP } from '../../api/consumer-groups-api.ts'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import type { TopicBody, TopicSummaryBody } from '../admin/answer-shapes.ts'
import { CommandFailure } from '../command-failure.ts'

const SUFFIX = '.dlq'
const groupPath = `/consumer-groups/${DEAD_LETTER_GROUP}`

/** Dead letters of a partition that nobody has dealt with: those from `next` to before `end`. */
export interface WaitingLetters {
  readonly partition: PartitionNumber
  readonly next: Offset
  readonly end: Offset
}

interface Position {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: Offset
}

/** The topics of dead letters, by their names. */
export async function deadLetterTopics(admin: AdminClient): Promise<string[]> {
  const { topics } = (await admin.request('GET', '/topics')) as { topics: TopicSummaryBody[] }
  return topics.map(({ name }) => name).filter((name) => name.endsWith(SUFFIX))
}

export async function handledPositions(admin: AdminClient): Promise<readonly Position[]> {
  try {
    const { positions } = (await admin.request('GET', `${groupPath}/positions`)) as { positions: Position[] }
    return positions
  } catch (error) {
    if (error instanceof CommandFailure && error.shape.code === 'UNKNOWN_CONSUMER_GROUP') return []
    throw error
  }
}

/** `handled`: of all topics. */
export async function waitingIn(
  topic: string,
  handled: readonly Position[],
  admin: AdminClient,
): Promise<WaitingLetters[]> {
  const { partitions } = (await admin.request('GET', topicPath(topic))) as TopicBody
  return partitions.map(({ partition, logStart, highWatermark }) => {
    const known = handled.find((one) => one.topic === topic && one.partition === partition)
    return { partition, next: Math.max(logStart, known?.offset ?? 0), end: highWatermark }
  })
}

/** From now on those before these offsets count as dealt with. */
export async function setHandled(
  topic: string,
  offsets: ReadonlyMap<PartitionNumber, Offset>,
  admin: AdminClient,
): Promise<void> {
  const positions = [...offsets].map(([partition, offset]) => ({ topic, partition, offset, metadata: '' }))
  if (positions.length > 0) await admin.request('PUT', `${groupPath}/positions`, { positions })
}

export function lettersIn(waiting: readonly WaitingLetters[]): number {
  return waiting.reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0)
}
