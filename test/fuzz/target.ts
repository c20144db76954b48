import { type ErrorCode, TailraceError } from '@tailrace/schemas'

/** A parser under test. */
export interface FuzzTarget {
  readonly name: string
  /** Sound inputs, from which the others are made by changing them. */
  readonly samples: readonly Uint8Array[]
  /** Puts right what would stop nearly every changed input at the door, such as a length or a checksum. */
  readonly seal?: (input: Uint8Array) => Uint8Array
  /**
   * Parses the input and checks what comes of it. Whatever it throws is a failure, so it catches the refusals that the parser's documentation
   * names with `refusedAs`.
   */
  readonly run: (input: Uint8Array) => void | Promise<void>
}

/** Rethrows unless the error is one of these refusals. */
export function refusedAs(error: unknown, codes: readonly ErrorCode[]): void {
  if (!(error instanceof TailraceError) || !codes.includes(error.code)) throw error
}

export const text = (line: string): Uint8Array => new TextEncoder().encode(line)

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces))
}
