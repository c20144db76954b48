import type { StreamFacts, StreamResult } from '../../api/streams-api.ts'
import type { CacheScope } from '../http/cached-reads.ts'

type Found = StreamResult & { readonly kind: 'found' }

/** Strong: the bytes follow from it. It is another one when the stream is closed at the end of the answer. */
export function streamTag({ id, offset, next, tail, closed }: Found): string {
  return `"${id}:${offset}:${next}${closed && next === tail ? ':c' : ''}"`
}

/**
 * How long others may keep a part of a stream. What was appended does not change, but more may have come behind it; and
 * a reader that a cache answers does not keep a stream alive.
 */
export function cacheControl({ offset, next, ttl, expiresAt }: Found, scope: CacheScope): string {
  if (next === offset) return 'no-store'
  return hasEnd({ ttl, expiresAt }) ? `${scope}, no-cache` : `${scope}, max-age=60, stale-while-revalidate=300`
}

function hasEnd({ ttl, expiresAt }: Pick<StreamFacts, 'ttl' | 'expiresAt'>): boolean {
  return ttl >= 0 || expiresAt >= 0
}
