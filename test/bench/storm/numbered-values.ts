import { Buffer } from 'node:buffer'

/** Stands in each record before its number. */
const MARK = Buffer.from('<seq:')
const DIGITS = 10

export const LEAST_BYTES = MARK.length + DIGITS

export function numberedValue(number: number, bytes: number): string {
  return `<seq:${String(number).padStart(DIGITS, '0')}`.padEnd(bytes, 'x')
}

/** The numbers of the records in a whole message. */
export function forEachNumber(message: Buffer, visit: (number: number) => void): void {
  for (let at = message.indexOf(MARK); at >= 0; at = message.indexOf(MARK, at + LEAST_BYTES)) {
    visit(Number(message.toString('latin1', at + MARK.length, at + LEAST_BYTES)))
  }
}
