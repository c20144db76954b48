import { clientFormats, newerThan } from './formats/client-formats.ts'
import type { LogIndex, Term } from './ids.ts'
import { TailraceError } from './tailrace-error.ts'

/**
 * A token of an acknowledgement as text, for JSON, URLs and programs: `term-index-seal` (M95). Brokers before seals
 * give `term-index`. From version 2 on a token begins with `v`, its version and a hyphen.
 */
export const readTokenPattern = '^([0-9]{1,10}-[0-9]{1,15}(-[0-9a-f]{16})?|v[0-9]{1,5}-[0-9A-Za-z_-]{1,200})$'
const newerPattern = /^v([0-9]{1,5})-/

export interface TokenParts {
  readonly term: Term
  readonly index: LogIndex
  /** Empty when there is none. */
  readonly seal: string
}

export function readTokenText({ term, index, seal }: TokenParts): string {
  return seal === '' ? `${term}-${index}` : `${term}-${index}-${seal}`
}

/** @throws TailraceError INVALID_REQUEST, NEWER_FORMAT */
export function parseReadToken(text: string): TokenParts {
  if (!new RegExp(readTokenPattern).test(text))
    throw new TailraceError('INVALID_REQUEST', `token: ${JSON.stringify(text)} is not of the form term-index-seal.`)
  const newer = newerPattern.exec(text)
  if (newer !== null) throw newerThan(clientFormats.readToken, newer[1]!)
  const [term, index, seal = ''] = text.split('-')
  return { term: Number(term), index: Number(index), seal }
}
