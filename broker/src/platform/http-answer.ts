import { errorTold, TailraceError } from '@tailrace/schemas'
import { toldErrorIn } from '@tailrace/schemas/told-error'

/**
 * The content of the body of another broker's answer.
 * @param ok whether its status is 2xx
 * @throws TailraceError the other's own error; INVALID_REQUEST when it is no JSON; INTERNAL when it is no error of a
 * broker
 */
export function answerFrom(text: string, ok: boolean, address: string): unknown {
  const answer = parsed(text, address)
  if (ok) return answer
  const told = toldErrorIn(answer)
  if (told !== undefined) throw errorTold(told)
  throw new TailraceError('INTERNAL', `${address} answered with an error that is not known.`)
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
