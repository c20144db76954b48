import { TailraceError } from '@tailrace/schemas'
import type { TopicSummary } from '../../api/broker-api.ts'
import { checkTopicList, checkTopicPage } from '../wire/topic-checks.ts'
import type { SourceLink } from './source-link.ts'

export interface ToldTopics {
  readonly digest: string
  /** As BrokerApi.topicsVersion. */
  readonly version: number
  readonly topics: readonly TopicSummary[]
}

const askMs = 10_000
/** A list that changes while it is read is read from its beginning again. */
const mostReadings = 5

/**
 * All of a source's list of topics, or null where the list has changed again and again meanwhile: the next beat leads
 * here once more.
 * @throws TailraceError INCOMPATIBLE_PEER, and as SourceLink.request
 */
export async function readTopics(link: SourceLink, address: string): Promise<ToldTopics | null> {
  for (let reading = 0; reading < mostReadings; reading++) {
    const told = await readOnce(link, address)
    if (told === null) continue
    checkTopicList(told.topics, address)
    return told
  }
  return null
}

async function readOnce(link: SourceLink, address: string): Promise<ToldTopics | null> {
  const topics: TopicSummary[] = []
  for (let digest: string | null = null; ; ) {
    const { fields } = await link.request('CascadeTopics', { from: topics.length }, askMs)
    const page = checkTopicPage(fields, address)
    if (digest !== null && digest !== page.digest) return null
    digest = page.digest
    for (const topic of page.topics) topics.push(topic)
    if (topics.length === page.total) return { digest, version: page.version, topics }
    if (page.topics.length === 0 || topics.length > page.total) {
      throw new TailraceError('INCOMPATIBLE_PEER', `${address} has other topics than it says: ${topics.length}.`)
    }
  }
}
