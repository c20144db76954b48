import { describe, expect, test } from 'vitest'
import { faultOfAcl, faultOfPattern, faultOfScope, isCredentialPrincipal } from './acl-checks.ts'

const orders = { type: 'topic', name: 'orders', pattern: 'literal' }
const acl = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow', resource: orders }
const notText = [undefined, null, 1, {}, ['User:ann'], '']

describe('a rule', () => {
  test('is about a user, everybody, a group, a cascade broker or a broker; from everywhere or one address', () => {
    for (const principal of ['User:ann', 'User:*', 'Group:admins', 'Cascade:101', 'Broker:3', 'User:CN=ann, O=x']) {
      expect(faultOfAcl({ ...acl, principal })).toBeNull()
    }
    for (const host of ['*', '10.0.0.1', '::1', 'fe80::1', '::ffff:10.0.0.1']) {
      expect(faultOfAcl({ ...acl, host })).toBeNull()
    }
    for (const operation of ['all', 'idempotent-write']) expect(faultOfAcl({ ...acl, operation })).toBeNull()
    expect(faultOfAcl({ ...acl, permission: 'deny' })).toBeNull()
  })

  test('is refused with any field that is missing, of another type, or no word of ours', () => {
    const odd: Record<keyof typeof acl, readonly unknown[]> = {
      principal: [...notText, 'ann', 'User:', 'user:ann', 'Group:*', ':ann', 'User:\u0000', `User:${'a'.repeat(256)}`],
      host: [...notText, 'example.org', '10.0.0.*', '1', 'a'.repeat(10), `${'1.'.repeat(30)}`],
      operation: [...notText, 'Read', 'toString'],
      permission: [...notText, 'ALLOW'],
      resource: [...notText, [], { ...orders, type: 'topics' }],
    }
    for (const [field, values] of Object.entries(odd)) {
      for (const value of values) {
        expect(faultOfAcl({ ...acl, [field]: value }), `${field} ${JSON.stringify(value)}`).toMatch(/^[A-Z].*\.$/)
      }
    }
    for (const value of [undefined, null, 7, 'acl', []]) expect(faultOfAcl(value)).not.toBeNull()
  })
})

describe('a resource', () => {
  const cases: [boolean, string, unknown, string][] = [
    [true, 'topic', 'orders', 'literal'],
    [true, 'topic', '*', 'literal'],
    [true, 'topic', 'a'.repeat(249), 'prefixed'],
    [false, 'topic', 'a'.repeat(250), 'prefixed'],
    [false, 'topic', '*', 'prefixed'],
    [false, 'topic', 'orders.*', 'literal'],
    [false, 'topic', '', 'prefixed'],
    [false, 'topic', 1, 'literal'],
    [false, 'topic', 'orders', 'regex'],
    [true, 'group', 'Grüße 1', 'literal'],
    [true, 'transactional-id', 'a'.repeat(255), 'prefixed'],
    [false, 'group', 'a'.repeat(256), 'literal'],
    [false, 'group', 'a\nb', 'literal'],
    [false, 'group', '\ud800', 'literal'],
    [false, 'group', '', 'literal'],
    [false, 'group', null, 'literal'],
    [true, 'cluster', 'kafka-cluster', 'literal'],
    [true, 'cluster', '*', 'literal'],
    [false, 'cluster', 'kafka-cluster', 'prefixed'],
    [false, 'cluster', 'mine', 'literal'],
  ]
  test.each(cases)('%s: %s %j %s', (sound, type, name, pattern) => {
    expect(faultOfPattern({ type, name, pattern }) === null).toBe(sound)
  })
})

test('a scope is none, or operations and resources, each once', () => {
  expect(faultOfScope(null)).toBeNull()
  const resources = [orders, { ...orders, pattern: 'prefixed' }]
  expect(faultOfScope({ operations: ['read', 'write'], resources })).toBeNull()
  for (const odd of [
    undefined,
    'all',
    {},
    { operations: [], resources },
    { operations: ['read', 'read'], resources },
    { operations: ['peek'], resources },
    { operations: 'read', resources },
    { operations: ['read'], resources: [] },
    { operations: ['read'], resources: orders },
    { operations: ['read'], resources: [null] },
    { operations: ['read'], resources: [orders, { ...orders }] },
    { operations: ['read'], resources: Array.from({ length: 101 }, (_, at) => ({ ...orders, name: `t${at}` })) },
  ]) {
    expect(faultOfScope(odd), JSON.stringify(odd)).not.toBeNull()
  }
})

test('a credential is of a user or a cascade broker, never of a broker, a group or nobody', () => {
  for (const principal of ['User:svc', 'Cascade:101']) expect(isCredentialPrincipal(principal)).toBe(true)
  for (const principal of ['Broker:1', 'Group:g', 'User:*', 'User:ANONYMOUS', 'svc', 'User:', null, 3]) {
    expect(isCredentialPrincipal(principal)).toBe(false)
  }
})
