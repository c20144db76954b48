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

const form = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * Milliseconds since 1970 of `2026-03-01`, `2026-03-01T12:00Z`, `2026-03-01T12:00:00.123+01:00`; UTC where no zone is
 * given. Null for anything else.
 */
export function timeFromIso(text: string): Timestamp | null {
  const match = form.exec(text)
  if (match === null) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const days = daysSince1970(Number(year), Number(month), Number(day))
  const clock = [Number(hour), Number(minute), Number(second)] as const
  if (days === null || clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return null
  const seconds = days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2] - zoneSeconds(zone)
  return seconds * 1_000 + Number(fraction.padEnd(3, '0').slice(0, 3))
}

/**
 * In the Gregorian calendar; years counted from March, so that the leap day is a year's last. Null for a day that does
 * not exist.
 */
function daysSince1970(year: number, month: number, day: number): number | null {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  if (day < 1 || day > (lengths[month - 1] ?? 0)) return null
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0
  const seconds = Number(zone.slice(1, 3)) * 3_600 + Number(zone.slice(-2)) * 60
  return zone.startsWith('-') ? -seconds : seconds
}
