import type { LogIndex, Term } from './ids.ts'

/**
 * A token of an acknowledgement as text, for JSON, URLs and programs: `term-index-seal` (M95). Brokers before seals
 * give `term-index`. From version 2 on a token begins with `v`, its version and a hyphen.
 */
export const readTokenPattern = '^([0-9]{1,10}-[0-9]{1,15}(-[0-9a-f]{16})?|v[0-9]{1,5}-[0-9A-Za-z_-]{1,200})$'

export interface TokenParts {
  readonly term: Term
  readonly index: LogIndex
  /** Empty when there is none. */
  readonly seal: string
}

export function readTokenText({ term, index, seal }: TokenParts): string {
  return seal === '' ? `${term}-${index}` : `${term}-${index}-${seal}`
}
