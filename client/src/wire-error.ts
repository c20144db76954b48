import { type ErrorFields, isErrorCode, TailraceError } from '@tailrace/schemas'

/**
 * The error that a broker sent, with the broker's own text. A code from a newer broker becomes INTERNAL and is named in
 * the message.
 */
export function errorFromWire(fields: ErrorFields): TailraceError {
  if (!isErrorCode(fields.code)) return new TailraceError('INTERNAL', `${fields.code}: ${fields.message}`)
  const { retryAfterMs, endOffset, fence } = fields
  const error = new TailraceError(fields.code, undefined, {
    retryAfterMs: retryAfterMs ?? undefined,
    endOffset: endOffset ?? undefined,
    fence: fence ?? undefined,
  })
  if (fields.message !== '') error.message = fields.message
  return error
}
