import type { Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { TopicSummary } from '../../api/broker-api.ts'
import { topicPageFrom } from './cascade-fields.ts'
import type { TopicPage } from './cascade-messages.ts'
import { isCount, isText, isTopicSummary, listOf, MAX_PARTITIONS, MAX_TOPICS } from './json-checks.ts'

/**
 * A part of a source's list of topics.
 * @throws TailraceError INCOMPATIBLE_PEER: no broker would answer so
 */
export function checkTopicPage(fields: Message<'CascadeTopicsReply'>, address: string): TopicPage {
  const { digest, version, total } = fields
  const page = topicPageFrom(fields)
  const isPage = isText(digest) && isCount(version) && isCount(total) && total <= MAX_TOPICS
  if (isPage && page.topics.length <= total && listOf(isTopicSummary)(page.topics)) return page
  throw new TailraceError(
    'INCOMPATIBLE_PEER',
    `${address} answers with something other than a part of its list of topics.`,
  )
}

/**
 * The whole list: no name and no id twice, and no more partitions than a cascade broker can copy.
 * @throws TailraceError INCOMPATIBLE_PEER
 */
export function checkTopicList(topics: readonly TopicSummary[], address: string): void {
  const isOnce = (values: readonly string[]): boolean => new Set(values).size === values.length
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0)
  const isSound = isOnce(topics.map(({ id }) => id)) && isOnce(topics.map(({ name }) => name))
  if (isSound && partitions <= MAX_PARTITIONS) return
  throw new TailraceError('INCOMPATIBLE_PEER', `The list of topics of ${address} has a topic twice, or too many.`)
}
