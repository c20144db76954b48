import { isErrorCode, TailraceError } from '@tailrace/schemas'

/**
 * The content of the body of another broker's answer.
 * @param ok whether its status is 2xx
 * @throws TailraceError the other's own error; INVALID_REQUEST when it is no JSON; INTERNAL when the error code is
 * unknown
 */
export function answerFrom(text: string, ok: boolean, address: string): unknown {
  const answer = parsed(text, address)
  if (ok) return answer
  throw errorOf(answer, address)
}

function parsed(text: string, address: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TailraceError('INVALID_REQUEST', `${address} is no broker: it does not answer with JSON.`, {
      cause: error,
    })
  }
}

/** The other broker's message stays unchanged. */
function errorOf(answer: unknown, address: string): TailraceError {
  const { code, message } = (answer ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || typeof message !== 'string' || !isErrorCode(code)) {
    return new TailraceError('INTERNAL', `${address} answered with an error that is not known: ${String(code)}.`)
  }
  const error = new TailraceError(code)
  error.message = message
  return error
}
