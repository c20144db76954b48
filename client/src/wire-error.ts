import { type ErrorFields, isErrorCode, TailraceError } from '@tailrace/schemas'

/**
 * The error that a broker sent, with the broker's own text. A code from a newer broker becomes INTERNAL and is named in
 * the message.
 */
export function errorFromWire(fields: ErrorFields): TailraceError {
  if (!isErrorCode(fields.code)) return new TailraceError('INTERNAL', `${fields.code}: ${fields.message}`)
  const error = new TailraceError(fields.code, undefined, { retryAfterMs: fields.retryAfterMs ?? undefined })
  if (fields.message !== '') error.message = fields.message
  return error
}
