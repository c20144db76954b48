import { errorRow, isErrorCode } from '#error-rows'
import type { ErrorFields } from './messages.ts'
import { type ErrorShape, TailraceError, type UnreadablePlace } from './tailrace-error.ts'

/** An error as another side tells it, in a message or as JSON. `code` may be one that only a newer version knows. */
export type ToldError = ErrorFields & { readonly place?: UnreadablePlace }

/** Anything that may tell of an error. */
export type Told = Partial<Record<keyof ErrorShape, unknown>>
const figures = ['retryAfterMs', 'endOffset', 'fence'] as const
type Figures = Partial<Record<(typeof figures)[number], number>>

/**
 * The error that another side tells. Its text, advice and figures stay as they are, so that it can be passed on. A code
 * that is not known here becomes INTERNAL and is named in the message.
 */
export function errorTold(fields: ToldError): TailraceError {
  const { code, message, retriable, hint, place } = fields
  const details = { ...figuresIn(fields), place }
  if (!isErrorCode(code)) {
    return Object.assign(new TailraceError('INTERNAL', `${code}: ${message}`, details), { retriable, hint })
  }
  const told = { retriable, hint, message: message === '' ? errorRow(code).message : message }
  return Object.assign(new TailraceError(code, undefined, details), told)
}

/** Those that are counts. */
export function figuresIn(told: Told): Figures {
  const found: Figures = {}
  for (const name of figures) {
    const figure = told[name]
    if (isCount(figure)) found[name] = figure
  }
  return found
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
