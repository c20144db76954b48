import { readTokenPattern, type TokenParts } from '../read-token.ts'
import { TailraceError } from '../tailrace-error.ts'
import { newerThan, readTokenFormat } from './client-formats.ts'

const newerPattern = /^v([0-9]{1,5})-/

/** @throws TailraceError INVALID_REQUEST, NEWER_FORMAT */
export function parseReadToken(text: string): TokenParts {
  if (!new RegExp(readTokenPattern).test(text))
    throw new TailraceError('INVALID_REQUEST', `token: ${JSON.stringify(text)} is not of the form term-index-seal.`)
  const newer = newerPattern.exec(text)
  if (newer !== null) throw newerThan(readTokenFormat, newer[1]!)
  const [term, index, seal = ''] = text.split('-')
  return { term: Number(term), index: Number(index), seal }
}
