import { expect, it } from 'vitest'
import { parseReadToken, readTokenText } from './read-token.ts'

it('a token is the same after a way through text', () => {
  const token = { term: 2 ** 31 - 1, index: 10 ** 15 - 1 }
  expect(parseReadToken(readTokenText(token))).toEqual(token)
})

it.each(['', '3', '3-', '-3', '3-4-5', 'a-1', '1- 2', '1-0x2', `1-${10 ** 15}`])('%j is none', (text) => {
  expect(() => parseReadToken(text)).toThrow(/term-index/)
})
