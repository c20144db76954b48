import { placeParts } from '../../place-parts/browser.ts'
import { givenTopics } from '../given-topics.ts'
import { LaterTopicFeeds } from '../later-topic-feeds.ts'
import type { OpenTopics } from '../topics-source.ts'

/** What reads several topics is loaded with the first record that is asked for: most pages read one at a time. */
export const openTopics: OpenTopics = (parts) => {
  const wanted = { ...parts, topics: givenTopics(parts.topics), given: { ...parts.given } }
  return new LaterTopicFeeds(parts.given.from, async (ended) => {
    const { TopicFeeds } = await placeParts(ended)
    return new TopicFeeds(wanted)
  })
}
