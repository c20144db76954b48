import { errorRow, isErrorCode } from '#error-rows'
import { knowHttpErrors } from '#http-errors'
import { figuresIn, placeIn, type Told, type ToldError } from '../told-error.ts'

/** The error in the parsed JSON of an answer; undefined where it is none. Advice that is missing is the table's. */
export function toldErrorIn(json: unknown): ToldError | undefined {
  knowHttpErrors()
  const { code, message, retriable, hint }: Told = json ?? {}
  if (typeof code !== 'string' || typeof message !== 'string') return undefined
  const row = errorRow(isErrorCode(code) ? code : 'INTERNAL')
  return {
    code,
    message,
    retriable: typeof retriable === 'boolean' ? retriable : row.retriable,
    hint: typeof hint === 'string' ? hint : row.hint,
    ...placeIn(json as Told),
    ...figuresIn(json as Told),
  }
}
