import type { ForkPoint, Lifetime, StreamProducer, StreamRequest } from '../../api/streams-api.ts'
import { MOST_PATH_CHARACTERS } from '../../api/streams-api.ts'

/** Characters of a content type, of a Stream-Seq, of a producer's id, of the id of a stream. */
const MOST_CHARACTERS = 255
/** Of one read. */
export const MOST_READ_BYTES = 4 * 1024 * 1024
export const MOST_WAIT_MS = 60_000
/** The last time that a Date can show. */
export const LAST_TIME = 8_640_000_000_000_000
/** Seconds: with it a time is a safe number of milliseconds still. */
export const LONGEST_TTL = 4_000_000_000

/** Whether a request that came from outside makes sense, as far as one can tell without the stream. */
export function isStreamRequest(asked: StreamRequest): boolean {
  if (!isPath(asked.path)) return false
  switch (asked.kind) {
    case 'create':
      return (
        isShort(asked.type) && isShort(asked.mark) && isLifetime(asked) && (asked.fork === null || isFork(asked.fork))
      )
    case 'append':
      return isShort(asked.type) && (asked.seq === null || isShort(asked.seq)) && isProducer(asked.producer)
    case 'read': {
      const { id, offset, upTo, maxBytes } = asked
      const bounded = maxBytes > 0 && maxBytes <= MOST_READ_BYTES && isFrom(upTo, -1)
      return isShort(id) && isFrom(offset, -2) && bounded
    }
    case 'wait':
      return isName(asked.id) && isFrom(asked.offset, 0) && asked.waitMs >= 0 && asked.waitMs <= MOST_WAIT_MS
    case 'head':
    case 'delete':
      return true
    case 'lend':
      return isBorrower(asked) && isShort(asked.type) && isFrom(asked.offset, -1) && isFrom(asked.sub, 0)
    case 'give-back':
      return isName(asked.id) && isBorrower(asked)
    case 'place':
      return isName(asked.id) && [asked.offset, asked.sub, asked.upTo].every((number) => isFrom(number, 0))
    case 'exists':
      return isName(asked.id)
    case 'subscription':
      // See subscription-checks.ts.
      return true
  }
}

/** The name of a stream: what follows `/streams/`, decoded. */
export function isPath(path: string): boolean {
  return path !== '' && path.length <= MOST_PATH_CHARACTERS && isLine(path)
}

/** Text that may be empty. */
export function isShort(text: string): boolean {
  return text.length <= MOST_CHARACTERS && isLine(text)
}

export function isName(text: string): boolean {
  return text !== '' && isShort(text)
}

function isLine(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}

function isFork({ source, offset, sub }: ForkPoint): boolean {
  return isPath(source) && isFrom(offset, -1) && isFrom(sub, 0)
}

function isBorrower({ borrower, borrowerId }: { readonly borrower: string; readonly borrowerId: string }): boolean {
  return isPath(borrower) && isName(borrowerId)
}

function isProducer(producer: StreamProducer | null): boolean {
  return producer === null || (isName(producer.id) && isFrom(producer.epoch, 0) && isFrom(producer.seq, 0))
}

function isLifetime({ ttl, expiresAt }: Lifetime): boolean {
  const areIn = ttl <= LONGEST_TTL && expiresAt <= LAST_TIME
  return areIn && isFrom(ttl, -1) && isFrom(expiresAt, -1) && (ttl < 0 || expiresAt < 0)
}

function isFrom(number: number, least: number): boolean {
  return Number.isSafeInteger(number) && number >= least
}
