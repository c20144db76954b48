import { timeFromIso } from './iso-time.ts'
import type { Position } from './messages.ts'

/**
 * A place to start at, as people write it: "earliest", "latest", an offset (a number, or its digits as command lines and JSON give it), or a time (ISO 8601 with at least a
 * date, UTC where it names no zone; or a Date). The one reading of it for SDKs, HTTP, JSON and the command line. Null for anything else.
 */
export function positionFrom(given: unknown): Position | null {
  if (given === 'earliest') return { kind: 'EARLIEST', value: 0 }
  if (given === 'latest') return { kind: 'LATEST', value: 0 }
  const offset = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : given
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return { kind: 'OFFSET', value: offset as number }
  const time = given instanceof Date ? given.getTime() : typeof given === 'string' ? timeFromIso(given) : null
  return time === null || Number.isNaN(time) ? null : { kind: 'TIME', value: time }
}
