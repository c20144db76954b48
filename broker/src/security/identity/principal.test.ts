import { describe, expect, it } from 'vitest'
import { isPrincipal, parsePrincipal } from './principal.ts'

describe('a principal', () => {
  it.each(['User:alice', 'User:CN=alice, O=Example', 'Cascade:101', 'Broker:3', 'User:a:b'])('is %s', (text) => {
    expect(isPrincipal(text)).toBe(true)
    const { kind, name } = parsePrincipal(text)
    expect(`${kind}:${name}`).toBe(text)
  })

  // The second was taken for User:Usere, before the fuzzer came to it.
  it.each([
    '',
    'Usere',
    'User',
    'User:',
    ':alice',
    'Group:ops',
    'user:alice',
    'User: alice',
    `User:${'a'.repeat(256)}`,
  ])('is not %j', (text) => {
    expect(isPrincipal(text)).toBe(false)
    expect(() => parsePrincipal(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
