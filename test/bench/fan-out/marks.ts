import { Buffer } from 'node:buffer'

/** Stands in each record: when it was due, in microseconds of the clock that all processes of a machine share. */
const MARK = Buffer.from('<due:')
const DIGITS = 16

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

export function markedValue(dueUs: number, bytes: number): string {
  return `<due:${String(dueUs).padStart(DIGITS, '0')}`.padEnd(bytes, 'x')
}

/**
 * Calls with the time of each mark in `bytes`. Returns where an unfinished mark at the end may begin, which must come
 * again before the next bytes.
 */
export function forEachMark(bytes: Buffer, visit: (dueUs: number) => void): number {
  const markBytes = MARK.length + DIGITS
  for (let at = 0; ; at += markBytes) {
    at = bytes.indexOf(MARK, at)
    if (at < 0) return Math.max(0, bytes.length - MARK.length + 1)
    if (at + markBytes > bytes.length) return at
    visit(Number(bytes.toString('latin1', at + MARK.length, at + markBytes)))
  }
}
