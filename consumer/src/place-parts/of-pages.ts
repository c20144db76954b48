/** With what reads several topics: a bundler makes the fewer files the fewer parts there are. */
export { TopicFeeds } from '../topics/topic-feeds.ts'
export * from './parts.ts'
