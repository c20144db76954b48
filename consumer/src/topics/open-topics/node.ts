import { TopicFeeds } from '../topic-feeds.ts'
import type { OpenTopics } from '../topics-source.ts'

export const openTopics: OpenTopics = (parts) => new TopicFeeds(parts)
