import { expect, test } from 'vitest'
import { matchesPattern } from './topic-patterns.ts'

test.each([
  ['flights', 'flights', true],
  ['flights', 'flights-eu', false],
  ['flights*', 'flights', true],
  ['flights*', 'flights-eu', true],
  ['flights*', 'xflights', false],
  ['*', 'any', true],
  ['*.eu', 'flights.eu', true],
  ['*.eu', 'flights.eu.old', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a*bc*c', 'abc', false],
  ['a*b*', 'ab', true],
  ['**x**', 'axb', true],
  ['', '', true],
])('%s %s: %s', (pattern, name, matches) => {
  expect(matchesPattern(pattern, name)).toBe(matches)
})

test('the longest pattern is no work', () => {
  const name = 'a'.repeat(249)
  const pattern = `${'*a'.repeat(124)}b`
  expect(matchesPattern(pattern, name)).toBe(false)
})
