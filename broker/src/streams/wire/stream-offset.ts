import { type Offset, TailraceError } from '@tailrace/schemas'

const DIGITS = 16
/** Two numbers, as other servers of the protocol have them; the first is always 0 here. */
const form = /^(\d{16})_(\d{16})$/

/** Where a request begins to read: from the beginning -1, from the end -2, as ReadStream has them. */
export const BEGINNING = -1
export const END = -2

/** An offset as clients see it: texts of one stream have the order of its bytes. */
export function offsetText(offset: Offset): string {
  return `${'0'.repeat(DIGITS)}_${String(offset).padStart(DIGITS, '0')}`
}

/** `name`: of the parameter or header. @throws TailraceError INVALID_REQUEST */
export function offsetFrom(text: string, name: string): Offset {
  const [, first, second] = form.exec(text) ?? []
  const offset = Number(second)
  if (Number(first) === 0 && Number.isSafeInteger(offset)) return offset
  throw new TailraceError('INVALID_REQUEST', `${name} is none that this broker has given: ${shown(text)}.`)
}

/** Of a read. @throws TailraceError INVALID_REQUEST */
export function positionFrom(text: string): Offset {
  if (text === '-1') return BEGINNING
  return text === 'now' ? END : offsetFrom(text, 'offset')
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
