import { errorRow, isErrorCode } from '#error-rows'
import { knowHttpErrors } from '#http-errors'
import type { UnreadablePlace } from '../tailrace-error.ts'
import { figuresIn, isCount, type Told, type ToldError } from '../told-error.ts'

/** The error in the parsed JSON of an answer; undefined where it is none. Advice that is missing is the table's. */
export function toldErrorIn(json: unknown): ToldError | undefined {
  knowHttpErrors()
  const { code, message, retriable, hint }: Told = json ?? {}
  if (typeof code !== 'string' || typeof message !== 'string') return undefined
  const place = placeIn(json as Told)
  const row = errorRow(isErrorCode(code) ? code : 'INTERNAL')
  return {
    code,
    message,
    retriable: typeof retriable === 'boolean' ? retriable : row.retriable,
    hint: typeof hint === 'string' ? hint : row.hint,
    ...(place && { place }),
    ...figuresIn(json as Told),
  }
}

/** Undefined: it tells of none. */
function placeIn({ topic, partition, offset, nextOffset }: Told): UnreadablePlace | undefined {
  if (!isCount(offset) || !isCount(nextOffset)) return undefined
  const isNamed = typeof topic === 'string' && isCount(partition)
  return isNamed ? { topic, partition, offset, nextOffset } : { offset, nextOffset }
}
