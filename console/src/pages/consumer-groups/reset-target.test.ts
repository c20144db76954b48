import { expect, test } from 'vitest'
import { type ResetKind, resetKinds, resetTexts, resetTo, typedTopics } from './reset-target.ts'

test.each<readonly [ResetKind, string, string]>([
  ['earliest', 'left from before', 'earliest'],
  ['latest', '', 'latest'],
  ['offset', ' 1200 ', '1200'],
  ['time', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z'],
  ['back', '100', '-100'],
  ['forward', '100', '+100'],
])('a reset to %s with "%s" asks for %s', (kind, typed, to) => {
  expect(resetTo(kind, typed)).toBe(to)
})

test('each kind has a name, and only those that need it a field', () => {
  const fields = resetKinds.filter((kind) => resetTexts[kind].typed !== null)
  expect(fields).toEqual(['offset', 'time', 'back', 'forward'])
})

test('topics are typed with commas or spaces between them', () => {
  expect(typedTopics('  ')).toBeNull()
  expect(typedTopics('flights, orders  flights,')).toEqual(['flights', 'orders'])
})
