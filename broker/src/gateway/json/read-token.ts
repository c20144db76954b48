import type { ReadToken } from '../../partition/requests.ts'

/** A token in JSON and URLs: `term-index`. */
export const readTokenPattern = '^[0-9]{1,10}-[0-9]{1,15}$'

/** What `readTokenPattern` accepts as a token. */
export function readTokenFrom(text: string): ReadToken {
  const [term, index] = text.split('-')
  return { term: Number(term), index: Number(index) }
}

export function readTokenText({ term, index }: ReadToken): string {
  return `${term}-${index}`
}
