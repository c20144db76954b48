// Values by name: esbuild loses those that come by a star from a module that is imported later as well.
export type * from '@tailrace/admin'
export { Admin } from '@tailrace/admin'
export type * from '@tailrace/consumer'
export {
  Consumer,
  ConsumerGroup,
  DEAD_LETTER_PREFIX,
  MemoryCheckpoints,
  Positions,
  TopicPositions,
} from '@tailrace/consumer'
export type * from '@tailrace/producer'
export { avro, bytes, json, nullable, Producer, partitionForKey, TailraceError, text, topic } from '@tailrace/producer'
