import type { Offset, PartitionNumber } from './ids.ts'
import { TailraceError } from './tailrace-error.ts'

const MAX_TOPIC_NAME_LENGTH = 249
const TOPIC_NAME = /^[a-zA-Z0-9._-]+$/

/** Kafka's rule: 1 to 249 characters out of a-z, A-Z, 0-9, dot, underscore and hyphen; not "." or "..". */
export function isTopicName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length <= MAX_TOPIC_NAME_LENGTH &&
    TOPIC_NAME.test(name) &&
    name !== '.' &&
    name !== '..'
  )
}

/** @throws TailraceError INVALID_TOPIC_NAME */
export function checkTopicName(name: unknown): asserts name is string {
  if (isTopicName(name)) return
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, MAX_TOPIC_NAME_LENGTH)) : `a ${typeof name}`
  throw new TailraceError('INVALID_TOPIC_NAME', `Got ${shown}.`)
}

/** @throws TailraceError UNKNOWN_PARTITION when it can be no partition of any topic. */
export function checkPartitionNumber(partition: unknown): asserts partition is PartitionNumber {
  if (Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) <= 0x7fffffff) return
  throw new TailraceError('UNKNOWN_PARTITION', `Got ${String(partition)}.`)
}

/** @throws TailraceError OFFSET_OUT_OF_RANGE when it can be no offset of any partition. */
export function checkOffset(offset: unknown): asserts offset is Offset {
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return
  throw new TailraceError('OFFSET_OUT_OF_RANGE', `Got ${String(offset)}.`)
}
