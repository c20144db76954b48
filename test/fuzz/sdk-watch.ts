import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import { Connection } from '../../client/src/connection.ts'
import { TopicLookup } from '../../client/src/metadata/topic-lookup.ts'
import { Feed } from '../../consumer/src/feed/feed.ts'

/** Errors of the language in the SDK, which its retries would hide: no message of a broker may cause one. */
export const surprises: unknown[] = []

/** Errors of these codes about a broker's bytes may have an error of the language as their cause. */
const explained: ReadonlySet<ErrorCode> = new Set([
  'MALFORMED_FRAME',
  'INVALID_BATCH',
  'CORRUPT_BATCH',
  'INVALID_RECORD',
  'UNSUPPORTED_COMPRESSION',
])

export function isSurprise(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TailraceError && explained.has(cause.code)) return false
    if (cause instanceof TypeError || cause instanceof RangeError || cause instanceof SyntaxError) return true
  }
  return false
}

function note(error: unknown): void {
  if (isSurprise(error)) surprises.push(error)
}

const { refresh } = TopicLookup.prototype
TopicLookup.prototype.refresh = function (topics) {
  const refreshed = refresh.call(this, topics)
  refreshed.catch(note)
  return refreshed
}

const { destroy } = Connection.prototype
Connection.prototype.destroy = function (reason, cause) {
  note(cause)
  destroy.call(this, reason, cause)
}

const { ended, fail } = Feed.prototype
Feed.prototype.ended = function (stream, cursors, error, logStart) {
  note(error)
  ended.call(this, stream, cursors, error, logStart)
}
Feed.prototype.fail = function (error, now) {
  note(error)
  fail.call(this, error, now)
}
