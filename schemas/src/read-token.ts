import { TailraceError } from './errors.ts'
import type { LogIndex, Term } from './ids.ts'

/** A token of an acknowledgement as text, for JSON, URLs and programs: `term-index` (M95). */
export const readTokenPattern = '^[0-9]{1,10}-[0-9]{1,15}$'

export function readTokenText({ term, index }: { readonly term: Term; readonly index: LogIndex }): string {
  return `${term}-${index}`
}

/** @throws TailraceError INVALID_REQUEST */
export function parseReadToken(text: string): { term: Term; index: LogIndex } {
  if (!new RegExp(readTokenPattern).test(text))
    throw new TailraceError('INVALID_REQUEST', `token: ${JSON.stringify(text)} is not of the form term-index.`)
  const [term, index] = text.split('-')
  return { term: Number(term), index: Number(index) }
}
