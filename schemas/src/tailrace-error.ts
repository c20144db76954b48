import { advise, errorRow } from '#error-rows'
import type { ErrorCode } from './errors.ts'
import type { Offset, PartitionNumber } from './ids.ts'

/** The place of a record that cannot be read, and the offset at which reading can go on. */
export interface UnreadablePlace {
  readonly topic?: string
  readonly partition?: PartitionNumber
  readonly offset: Offset
  readonly nextOffset: Offset
}

/** How far a publish of records as lines came before it failed. */
export interface LinePlace {
  /** All lines up to this one are written; 0: none. */
  readonly acknowledged: number
  /** Number of the line that the error is about, from 1. */
  readonly line: number
}

/** The fields of an error that every side shows: JSON bodies, WebSocket text frames, and the SDKs' error objects. */
export interface ErrorShape {
  readonly code: ErrorCode
  readonly message: string
  readonly retriable: boolean
  readonly hint: string
  /** Those of an {@link UnreadablePlace}, in errors that have one. */
  readonly topic?: string
  readonly partition?: PartitionNumber
  readonly offset?: Offset
  readonly nextOffset?: Offset
  /** In errors that say when to try again. */
  readonly retryAfterMs?: number
  /** In WRONG_EXPECTED_OFFSET: where the partition ends. */
  readonly endOffset?: Offset
  /** In FENCED: the highest fencing token that was accepted. */
  readonly fence?: number
  /** Those of a {@link LinePlace}, in errors of records that are published as lines. */
  readonly acknowledged?: number
  readonly line?: number
}

/** What an error tells besides its text: see the fields of TailraceError. */
interface Details {
  readonly place?: UnreadablePlace | undefined
  readonly retryAfterMs?: number | undefined
  readonly endOffset?: Offset | undefined
  readonly fence?: number | undefined
  readonly lines?: LinePlace | undefined
}

const figureNames = ['retryAfterMs', 'endOffset', 'fence'] as const
const detailNames = ['place', ...figureNames, 'lines'] as const

/**
 * The one error class of Tailrace; `code` tells them apart. `detail` is text for people that says what exactly was
 * wrong.
 */
export class TailraceError extends Error {
  override readonly name = 'TailraceError'
  /** What went wrong, for programs; docs/errors.md has all. */
  readonly code: ErrorCode
  /** Whether the same request may succeed later, unchanged. */
  readonly retriable: boolean
  /** What to do about it, for people. In a page that of the first error comes a moment later: empty before. */
  readonly hint: string
  /** Only in errors about what is stored. */
  declare readonly place: UnreadablePlace | undefined
  /** The same request is refused again before so much time has passed. */
  declare readonly retryAfterMs: number | undefined
  /** Only in WRONG_EXPECTED_OFFSET: where the partition ends. */
  declare readonly endOffset: Offset | undefined
  /** Only in FENCED: the highest fencing token that was accepted. */
  declare readonly fence: number | undefined
  /** Only in errors of records that are published as lines. */
  declare readonly lines: LinePlace | undefined

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions & Details) {
    const { message, retriable, hint } = errorRow(code)
    super(detail === undefined ? message : `${message} ${detail}`, options)
    this.code = code
    this.retriable = retriable
    this.hint = hint
    advise(this)
    // Consoles show each property, so there is none for what is not told.
    Object.assign(this, toldOf(options ?? {}, detailNames))
  }

  /** Anything thrown as a TailraceError: any other error becomes INTERNAL, followed by its own text. */
  static from(thrown: unknown): TailraceError {
    if (thrown instanceof TailraceError) return thrown
    return new TailraceError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
  }

  /**
   * As {@link from}, for clients: the text of any other error stays in the cause, since it may name paths and peers.
   */
  static concealed(thrown: unknown): TailraceError {
    return thrown instanceof TailraceError ? thrown : new TailraceError('INTERNAL', undefined, { cause: thrown })
  }

  /** The HTTP status of the code. */
  get status(): number {
    return errorRow(this.code).status
  }

  toJSON(): ErrorShape {
    const { code, message, retriable, hint } = this
    return { code, message, retriable, hint, ...this.place, ...toldOf(this, figureNames), ...this.lines }
  }
}

/** Of a source, what of these details it tells. */
function toldOf<Name extends keyof Details>(source: Details, names: readonly Name[]): Pick<Details, Name> {
  const told = names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]])
  return Object.fromEntries(told) as Pick<Details, Name>
}

/** The same error with more text behind its own, and with a place where one is given. */
export function withDetail(error: TailraceError, detail: string, place = error.place): TailraceError {
  return sameError(error, `${error.message} ${detail}`, { place })
}

/** The same error, which says how far a publish of lines came. */
export function withLines(error: TailraceError, lines: LinePlace): TailraceError {
  return sameError(error, error.message, { lines })
}

function sameError(error: TailraceError, message: string, more: Details): TailraceError {
  const { code, retriable, hint } = error
  const details = { cause: error, ...toldOf(error, detailNames), ...more }
  return Object.assign(new TailraceError(code, undefined, details), { message, retriable, hint })
}

/**
 * The same error with the place that it is about. Any other error stays as it is: it is a mistake of the program.
 */
export function unreadableAt(thrown: unknown, place: UnreadablePlace): unknown {
  if (!(thrown instanceof TailraceError)) return thrown
  const { topic, partition, offset, nextOffset } = place
  const where = topic === undefined ? '' : `"${topic}" partition ${partition}, `
  const at = thrown.message === errorRow(thrown.code).message ? '' : 'At '
  return withDetail(thrown, `${at}${where}offset ${offset}; what follows begins at ${nextOffset}.`, place)
}
