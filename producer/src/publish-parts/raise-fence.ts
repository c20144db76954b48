import type { Client } from '@tailrace/client'
import { askLeader, type LeaderLimits } from '@tailrace/client/ask-leader'
import type { Offset, PartitionNumber } from '@tailrace/schemas'
import { checkCount } from './condition.ts'

export interface FencePlace {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly token: number
}

/**
 * Has the partition's leader accept the token, through changes of leaders. Resolves with the partition's end: all
 * records under lower tokens are before it.
 * @throws TailraceError INVALID_SETTING; FENCED: a higher one was accepted; FEATURE_LEVEL_TOO_LOW; UNKNOWN_TOPIC,
 * UNKNOWN_PARTITION; TIMED_OUT: it may be accepted yet; ABORTED, CLOSED
 */
export async function raiseFence(
  client: Client,
  { topic, partition, token }: FencePlace,
  limits: LeaderLimits,
): Promise<Offset> {
  checkCount('token', token)
  const { id: topicId } = await client.topic(topic, limits)
  const fieldsOf = (timeoutMs: number) => {
    return { topic, partition, timeoutMs, expectedOffset: -1, fence: token, topicId }
  }
  return (await askLeader(client, { topic, partition }, 'PublishIf', fieldsOf, limits)).baseOffset
}
