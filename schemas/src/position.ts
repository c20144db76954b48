import type { Timestamp } from './ids.ts'
import type { Position } from './messages.ts'

/**
 * A place to start at, as people write it: "earliest", "latest", an offset (a number, or its digits as command lines
 * and JSON give it), or a time (ISO 8601 with at least a date, UTC where it names no zone; or a Date). SDKs, HTTP, JSON
 * and the command line all read positions with this function. Null for anything else.
 */
export function positionFrom(given: unknown): Position | null {
  if (given === 'earliest') return { kind: 'EARLIEST', value: 0 }
  if (given === 'latest') return { kind: 'LATEST', value: 0 }
  const offset = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : given
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return { kind: 'OFFSET', value: offset as number }
  const time = given instanceof Date ? given.getTime() : typeof given === 'string' ? timeFromIso(given) : null
  return time === null || Number.isNaN(time) ? null : { kind: 'TIME', value: time }
}

const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * Milliseconds since 1970 of `2026-03-01`, `2026-03-01T12:00Z`, `2026-03-01T12:00:00.123+01:00`; UTC where no zone is
 * given. Null for anything else.
 */
export function timeFromIso(text: string): Timestamp | null {
  const [, day, clock = '00:00', second = '00', fraction = '', zone = 'Z'] = form.exec(text) ?? []
  // A platform takes a day that does not exist for one of the next month, and 24:00 for the next day.
  if (day === undefined || clock.startsWith('24') || !new Date(`${day}T00:00Z`).toJSON()?.startsWith(day)) return null
  const offset = zone.toUpperCase().replace(/(\d\d)(\d\d)$/, '$1:$2')
  const time = Date.parse(`${day}T${clock}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`)
  return Number.isNaN(time) ? null : time
}
