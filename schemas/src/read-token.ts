import { TailraceError } from './errors.ts'
import type { LogIndex, Term } from './ids.ts'

/** A token of an acknowledgement as text, for JSON, URLs and programs: `term-index-seal` (M95). Brokers before seals give `term-index`. */
export const readTokenPattern = '^[0-9]{1,10}-[0-9]{1,15}(-[0-9a-f]{16})?$'

export interface TokenParts {
  readonly term: Term
  readonly index: LogIndex
  /** Empty when there is none. */
  readonly seal: string
}

export function readTokenText({ term, index, seal }: TokenParts): string {
  return seal === '' ? `${term}-${index}` : `${term}-${index}-${seal}`
}

/** @throws TailraceError INVALID_REQUEST */
export function parseReadToken(text: string): TokenParts {
  if (!new RegExp(readTokenPattern).test(text))
    throw new TailraceError('INVALID_REQUEST', `token: ${JSON.stringify(text)} is not of the form term-index-seal.`)
  const [term, index, seal = ''] = text.split('-')
  return { term: Number(term), index: Number(index), seal }
}
