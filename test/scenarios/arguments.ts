import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import { BadCommand } from './failures.ts'

/**
 * A command taken apart: `deliver 1>2 append times=3` has words `1>2`, `append` and the setting times = 3; `log 1: 1 1
 * 4` has a list.
 */
export interface Arguments {
  readonly name: string
  readonly words: readonly string[]
  readonly settings: ReadonlyMap<string, string>
  /** The text after the first colon that ends a word; null without one. */
  readonly list: readonly string[] | null
}

export function parseArguments(text: string): Arguments {
  const colon = text.search(/:(\s|$)/)
  const head = colon < 0 ? text : text.slice(0, colon)
  const [name = '', ...rest] = split(head)
  const words: string[] = []
  const settings = new Map<string, string>()
  const sort = (word: string, plain: string[]): void => {
    const equals = word.indexOf('=')
    if (equals > 0) settings.set(word.slice(0, equals), word.slice(equals + 1))
    else plain.push(word)
  }
  for (const word of rest) sort(word, words)
  if (colon < 0) return { name, words, settings, list: null }
  const list: string[] = []
  for (const word of split(text.slice(colon + 1))) sort(word, list)
  return { name, words, settings, list }
}

export function toNumber(word: string | undefined): number {
  if (word === undefined || !/^\d+$/.test(word)) throw new BadCommand(`a number is missing, found "${word ?? ''}"`)
  return Number(word)
}

export function toNumbers(words: readonly string[]): number[] {
  return words.map(toNumber)
}

/** `index@term`. */
export function toPosition(word: string): { readonly index: LogIndex; readonly term: Term } {
  const [index, term] = word.split('@')
  return { index: toNumber(index), term: toNumber(term) }
}

/** `from>to`, each a broker or `*`. */
export interface LinkPattern {
  readonly from: BrokerId | null
  readonly to: BrokerId | null
}

/** Undefined if the word is no link. */
export function toLink(word: string): LinkPattern | undefined {
  const match = /^(\d+|\*)>(\d+|\*)$/.exec(word)
  if (match === null) return undefined
  const end = (text: string) => (text === '*' ? null : Number(text))
  return { from: end(match[1]!), to: end(match[2]!) }
}

function split(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
