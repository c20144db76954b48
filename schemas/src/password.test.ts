import { expect, test } from 'vitest'
import { preparePassword } from './password.ts'

// RFC 4013 §3 and RFC 3454; the last ones are of our own.
test.each([
  ['I\u00adX', 'IX'],
  ['user', 'user'],
  ['USER', 'USER'],
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['a\u00a0b', 'a b'],
  ['a\u3000b', 'a b'],
  [' pencil ', ' pencil '],
  ['u\u0308ber', 'über'],
  ['über', 'über'],
  ['пароль', 'пароль'],
  ['\u05d0\u05d11\u05d2', '\u05d0\u05d11\u05d2'],
  ['🔑🔑', '🔑🔑'],
  ['x'.repeat(1024), 'x'.repeat(1024)],
])('%j is %j', (password, prepared) => {
  expect(preparePassword(password)).toBe(prepared)
  expect(preparePassword(prepared)).toBe(prepared)
})

test.each([
  ['', 'empty'],
  ['\u00ad', 'empty'],
  ['\u0007', 'print'],
  ['a\nb', 'print'],
  ['a\u007fb', 'print'],
  ['a\u2028b', 'print'],
  ['a\ue000', 'print'],
  ['a\ufffd', 'print'],
  ['\ud800', 'print'],
  ['\u0627\u0031', 'right to left'],
  ['\u05d0a\u05d0', 'right to left'],
  ['x'.repeat(1025), '1024'],
])('%j is refused', (password, why) => {
  expect(() => preparePassword(password)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(why) }),
  )
})

test('a refusal does not repeat the password', () => {
  expect(() => preparePassword('secret\u0007')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') }),
  )
})
