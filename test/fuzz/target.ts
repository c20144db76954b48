import { type ErrorCode, TailraceError } from '@tailrace/schemas'

/** The outcome of an input: it was parsed, or refused with an error that is documented. */
export type Verdict = 'taken' | 'refused'

/** A parser under test. */
export interface FuzzTarget {
  readonly name: string
  /** Sound inputs, from which the others are made by changing them. */
  readonly samples: readonly Uint8Array[]
  /** Repairs fields that would have nearly every changed input refused at once, such as a length or a checksum. */
  readonly seal?: (input: Uint8Array) => Uint8Array
  /**
   * Parses the input and checks the result. Any error that it throws is a failure, so it catches the refusals that the
   * parser's documentation names with `refusedAs`.
   */
  readonly run: (input: Uint8Array) => Verdict | Promise<Verdict>
}

/** Rethrows unless the error is one of these refusals. */
export function refusedAs(error: unknown, codes: readonly ErrorCode[]): Verdict {
  if (!(error instanceof TailraceError) || !codes.includes(error.code)) throw error
  return 'refused'
}

export const text = (line: string): Uint8Array => new TextEncoder().encode(line)

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces))
}
