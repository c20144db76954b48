import { type ErrorFields, TailraceError } from '@tailrace/schemas'

/** The fields of an error that a peer may see. The text of an error that is no TailraceError stays in our log. */
export function errorFields(error: unknown): ErrorFields {
  return TailraceError.concealed(error).toJSON()
}

export function tooLarge(name: string, bytes: number): TailraceError {
  return new TailraceError('FRAME_TOO_LARGE', `${name} has ${bytes} bytes.`)
}
