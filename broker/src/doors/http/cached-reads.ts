import type { Offset, PartitionNumber } from '@tailrace/schemas'

/** A read as the address of its request names it. */
export interface AddressedRead {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: string
  readonly to: string | undefined
  /** Empty: of the topic that has the name. */
  readonly topicId: string
}

export interface FoundRange {
  readonly offset: Offset
  readonly nextOffset: Offset
  readonly highWatermark: Offset
}

/** Of browsers and of caches between: `private`, where a reader has to show who it is. */
export type CacheScope = 'public' | 'private'

/** Of the answer's form: another one is another text of the same records. */
const form = 1
const digits = /^\d+$/
/** A year. */
const maxAge = 31_536_000

/**
 * Whether the same address can never have another answer that is right: it names the topic by its id and both ends by
 * numbers, and all of what is told is committed. Where less than the range is told, it is not for want of records.
 */
export function isFixed({ offset, to, topicId }: AddressedRead, found: FoundRange): boolean {
  if (topicId === '' || to === undefined || !digits.test(offset) || !digits.test(to)) return false
  const { nextOffset, highWatermark } = found
  return nextOffset > found.offset && (nextOffset === Number(to) || nextOffset < highWatermark)
}

/** A strong one: the bytes of an answer follow from these. `kind`: of its content. */
export function entityTag(
  kind: string,
  { topicId, partition }: AddressedRead,
  { offset, nextOffset }: FoundRange,
): string {
  return `"${kind}${form}-${topicId}-${partition}-${offset}-${nextOffset}"`
}

/** With an entity tag where the answer is fixed; any other answer is kept by nobody. */
export function cacheHeaders(tag: string | null, scope: CacheScope): Record<string, string> {
  if (tag === null) return { 'cache-control': 'no-store' }
  // Which pages may see it is in the answer, too.
  return { etag: tag, 'cache-control': `${scope}, max-age=${maxAge}, immutable`, vary: 'accept, origin' }
}

/** Whether a client has what has this tag: RFC 9110 §13.1.2. */
export function hasAlready(ifNoneMatch: string | undefined, tag: string | null): boolean {
  if (ifNoneMatch === undefined || tag === null) return false
  return ifNoneMatch.split(',').some((item) => ['*', tag, `W/${tag}`].includes(item.trim()))
}
