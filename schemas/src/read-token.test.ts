import { expect, it } from 'vitest'
import { parseReadToken } from './formats/parse-read-token.ts'
import { readTokenText } from './read-token.ts'

const seal = '0123456789abcdef'

it.each([seal, ''])('a token with the seal %j is the same after it was written as text and read back', (seal) => {
  const token = { term: 2 ** 31 - 1, index: 10 ** 15 - 1, seal }
  expect(parseReadToken(readTokenText(token))).toEqual(token)
})

it.each([
  '',
  '3',
  '3-',
  '-3',
  '3-4-5',
  'a-1',
  '1- 2',
  '1-0x2',
  `1-${10 ** 15}`,
  '1-2-',
  `1-2-${seal}0`,
  `1-2-${seal.toUpperCase()}`,
  `1-2-${seal}-`,
  `1--${seal}`,
])('%j is none', (text) => {
  expect(() => parseReadToken(text)).toThrow(/term-index-seal/)
})
