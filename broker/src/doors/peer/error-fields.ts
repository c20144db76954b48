import { type ErrorFields, errorTable, isErrorCode, TailraceError } from '@tailrace/schemas'

/** The fields of an error that a peer may see. The text of an error that is no TailraceError stays in our log. */
export function errorFields(error: unknown): ErrorFields {
  return TailraceError.concealed(error).toJSON()
}

/** The error that a peer answered; `retriable` and `hint` are the peer's, also where its code is not known here. */
export function errorOf({ code, message, retriable, hint, endOffset, fence }: ErrorFields): TailraceError {
  if (!isErrorCode(code))
    return Object.assign(new TailraceError('INTERNAL', `${code}: ${message}`), { retriable, hint })
  const general = errorTable[code].message
  const detail = message.startsWith(general) ? message.slice(general.length).trim() : message
  const error = new TailraceError(code, detail === '' ? undefined : detail, {
    endOffset: endOffset ?? undefined,
    fence: fence ?? undefined,
  })
  return error.retriable === retriable && error.hint === hint ? error : Object.assign(error, { retriable, hint })
}

export function tooLarge(name: string, bytes: number): TailraceError {
  return new TailraceError('FRAME_TOO_LARGE', `${name} has ${bytes} bytes.`)
}
