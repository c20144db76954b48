/** With what else pages load for loops: a bundler makes the fewer files the fewer parts there are. */
export { rangeOf } from '../range/range-options.ts'
export { TopicFeeds } from '../topics/topic-feeds.ts'
export * from './parts.ts'
