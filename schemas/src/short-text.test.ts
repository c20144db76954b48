import { expect, test } from 'vitest'
import { shortText } from './short-text.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test.each(['', 'a', 'SFO', 'exactly8', 'nine byte', '\0\x7f', 'x'.repeat(48)])('%j is a short text', (text) => {
  const around = bytes(`ü${text}ü`)
  expect(shortText(around, 2, around.length - 2)).toBe(text)
})

test.each(['ü', 'abcdefgü', 'abcdefghü', '\ufeffa', 'x'.repeat(49)])('%j is left to a TextDecoder', (text) => {
  expect(shortText(bytes(text), 0, bytes(text).length)).toBeNull()
})
