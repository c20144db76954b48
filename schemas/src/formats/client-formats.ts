import { TailraceError } from '../tailrace-error.ts'

/** One kind of bytes that outlive the process that writes them, or reach another one. */
export interface FormatRow {
  /** For people: "A journal block …". */
  readonly what: string
  /** The newest version that this code reads, and the one that it writes. */
  readonly version: number
  /** The file that checks it, before anything else of the bytes is believed. */
  readonly checkedIn: string
  /** The check that tells a newer version from a damaged version field. */
  readonly proof: string
}

// The rows of formatTable of what a client reads, too, each by itself: a page is sent what it checks alone.

export const readTokenFormat = {
  what: 'A read token',
  version: 1,
  checkedIn: 'schemas/src/formats/parse-read-token.ts',
  proof: 'its first letter',
} as const satisfies FormatRow

export const frameFormatVersion = 1
export const frameFormat = {
  what: 'The layout of a frame',
  version: frameFormatVersion,
  checkedIn: 'schemas/src/frame.ts',
  proof: 'the connection',
} as const satisfies FormatRow

/** The error for a version above the row's. */
export function newerThan({ what, version }: FormatRow, found: number | string, where = ''): TailraceError {
  const place = where === '' ? '' : ` (${where})`
  return new TailraceError(
    'NEWER_FORMAT',
    `${what}${place} has version ${found}; this version of Tailrace knows versions up to ${version}.`,
  )
}
