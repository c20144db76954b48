import { describe, expect, test } from 'vitest'
import { isStoredToken, isStoredUser, isUserName } from './table-checks.ts'

const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')
const credential = { salt: base64(16), iterations: 4096, storedKey: base64(32), serverKey: base64(32) }
const long = { ...credential, storedKey: base64(64), serverKey: base64(64) }
const user = { name: 'ann', scram: { 'SCRAM-SHA-256': credential, 'SCRAM-SHA-512': long } }
const token = {
  id: '0123456789abcdef01234567',
  hash: base64(32),
  principal: 'User:svc',
  scope: null,
  createdAt: 0,
  createdBy: '',
  expiresAt: null,
}

describe('a stored user', () => {
  test('has a credential for one mechanism or for both', () => {
    expect(isStoredUser(user)).toBe(true)
    expect(isStoredUser({ ...user, scram: { 'SCRAM-SHA-512': long } })).toBe(true)
  })

  test('is refused without a name, without a mechanism, or with one that is not ours', () => {
    for (const name of [undefined, null, 1, '', '*', 'ANONYMOUS', ' a', 'a'.repeat(256)]) {
      expect(isStoredUser({ ...user, name })).toBe(false)
    }
    for (const scram of [undefined, null, 'x', {}, { 'SCRAM-SHA-1': credential }, { ...user.scram, other: 1 }]) {
      expect(isStoredUser({ ...user, scram })).toBe(false)
    }
    for (const value of [undefined, null, 1, 'ann']) expect(isStoredUser(value)).toBe(false)
  })

  test('is refused with keys of another length, a short salt, or too few iterations', () => {
    const odd: Record<keyof typeof credential, readonly unknown[]> = {
      salt: [undefined, 1, base64(15), base64(65), 'ä'.repeat(24), base64(16).slice(1)],
      iterations: [undefined, '4096', 4095, 4096.5, 1_000_001, Number.NaN],
      storedKey: [undefined, base64(31), base64(33), base64(64), null],
      serverKey: [undefined, base64(31), base64(33), base64(64), null],
    }
    for (const [field, values] of Object.entries(odd)) {
      for (const value of values) {
        const scram = { 'SCRAM-SHA-256': { ...credential, [field]: value } }
        expect(isStoredUser({ ...user, scram }), `${field} ${String(value)}`).toBe(false)
      }
    }
  })
})

test('a stored token is refused with any field that is missing or odd', () => {
  expect(isStoredToken(token)).toBe(true)
  const scope = { operations: ['read'], resources: [{ type: 'topic', name: 'a', pattern: 'literal' }] }
  expect(isStoredToken({ ...token, scope, expiresAt: 8.64e15 })).toBe(true)
  const odd: Record<keyof typeof token, readonly unknown[]> = {
    id: [undefined, 1, '', 'x'.repeat(24), '0'.repeat(23), '0'.repeat(25)],
    hash: [undefined, null, base64(31), base64(33)],
    principal: [undefined, 'svc', 'Broker:1'],
    scope: [undefined, {}, { ...scope, operations: [] }],
    createdAt: [undefined, null, -1, 1.5, 8.64e15 + 2],
    createdBy: [undefined, 1, 'x'.repeat(1001)],
    expiresAt: [undefined, -1, '1', 8.64e15 + 2],
  }
  for (const [field, values] of Object.entries(odd)) {
    for (const value of values) expect(isStoredToken({ ...token, [field]: value }), `${field} ${value}`).toBe(false)
  }
})

test('ANONYMOUS is no name of a user: it is what clients without a credential are', () => {
  expect(isUserName('ann')).toBe(true)
  expect(isUserName('ANONYMOUS')).toBe(false)
})
