import { expect, test } from 'vitest'
import { isClientId } from './client-id.ts'

test.each(['a', 'orders-loader', '7', 'a.b_c@host:1/x+y', 'x'.repeat(255)])('%s is the name of a client', (name) => {
  expect(isClientId(name)).toBe(true)
})

test.each(['', '*', '-a', 'a b', 'a\n', 'ü', 'x'.repeat(256), 7, null, undefined, ['a']])('%j is none', (name) => {
  expect(isClientId(name)).toBe(false)
})
