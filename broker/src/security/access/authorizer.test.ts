import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type Acl,
  CLUSTER_NAME,
  type Operation,
  operations,
  type Resource,
  type ResourcePattern,
} from '../../api/security-api.ts'
import { aclKey, allowedBy, covers } from '../acl/acl.ts'
import { type Asked, type AuthenticationMode, Authorizer } from './authorizer.ts'

const topic = (name: string, pattern: ResourcePattern['pattern'] = 'literal'): ResourcePattern => ({
  type: 'topic',
  name,
  pattern,
})
const rule = (operation: Operation, resource: ResourcePattern, more: Partial<Acl> = {}): Acl => ({
  principal: 'User:alice',
  host: '*',
  operation,
  permission: 'allow',
  resource,
  ...more,
})
const alice: Asked = { principal: 'User:alice', groups: [], host: '10.0.0.1', kind: 'scram', scope: null, via: [] }
const bob: Asked = { ...alice, principal: 'User:bob' }

function authorizer(rules: readonly Acl[], mode: AuthenticationMode = 'required', superUsers: string[] = []) {
  const tables = {
    version: 1,
    users: new Map(),
    tokens: new Map(),
    acls: new Map(rules.map((acl) => [aclKey(acl), acl])),
    quotas: new Map(),
  }
  const made = new Authorizer({ mode, superUsers, tables: () => tables })
  const may = (asked: Asked, operation: Operation, resource: Resource) =>
    made.decide(asked, operation, resource).allowed
  return { made, may, tables }
}
const orders = { type: 'topic', name: 'orders' } as const

describe('the rules', () => {
  it('forbid by default, and allow what a rule names', () => {
    const { may } = authorizer([rule('read', topic('orders'))])
    expect(may(alice, 'read', orders)).toBe(true)
    expect(may(alice, 'write', orders)).toBe(false)
    expect(may(alice, 'read', { type: 'topic', name: 'orders2' })).toBe(false)
    expect(may(alice, 'read', { type: 'group', name: 'orders' })).toBe(false)
    expect(may(bob, 'read', orders)).toBe(false)
  })

  it('cover names by prefix, and all by *', () => {
    const { may } = authorizer([rule('read', topic('ord', 'prefixed')), rule('write', topic('*'))])
    expect(may(alice, 'read', orders)).toBe(true)
    expect(may(alice, 'read', { type: 'topic', name: 'or' })).toBe(false)
    expect(may(alice, 'write', { type: 'topic', name: 'any' })).toBe(true)
    expect(may(alice, 'write', { type: 'cluster', name: CLUSTER_NAME })).toBe(false)
  })

  it('a denial comes before any number of permissions', () => {
    const rules = [rule('all', topic('*')), rule('write', topic('ord', 'prefixed'), { permission: 'deny' })]
    const { may } = authorizer(rules)
    expect(may(alice, 'write', orders)).toBe(false)
    expect(may(alice, 'read', orders)).toBe(true)
    expect(may(alice, 'write', { type: 'topic', name: 'x' })).toBe(true)
  })

  it.each(['read', 'write', 'delete', 'alter'] as const)(
    '%s allows to describe, its denial does not forbid it',
    (one) => {
      expect(authorizer([rule(one, topic('orders'))]).may(alice, 'describe', orders)).toBe(true)
      const denied = authorizer([rule('all', topic('orders')), rule(one, topic('orders'), { permission: 'deny' })])
      expect(denied.may(alice, 'describe', orders)).toBe(true)
      expect(denied.may(alice, one, orders)).toBe(false)
    },
  )

  it('are about everybody, a group, or one address', () => {
    const everybody = authorizer([rule('read', topic('orders'), { principal: 'User:*' })])
    expect(everybody.may(bob, 'read', orders)).toBe(true)
    const group = authorizer([rule('read', topic('orders'), { principal: 'Group:ops' })])
    expect(group.may(bob, 'read', orders)).toBe(false)
    expect(group.may({ ...bob, groups: ['Group:ops'] }, 'read', orders)).toBe(true)
    const host = authorizer([rule('read', topic('orders'), { host: '10.0.0.1' })])
    expect(host.may(alice, 'read', orders)).toBe(true)
    expect(host.may({ ...alice, host: '10.0.0.2' }, 'read', orders)).toBe(false)
  })

  it('name an IPv6 address in any of its forms, and no neighbour of it', () => {
    const { may } = authorizer([rule('read', topic('orders'), { host: '2001:DB8:0:0::5' })])
    expect(may({ ...alice, host: '2001:db8::5' }, 'read', orders)).toBe(true)
    expect(may({ ...alice, host: '2001:db8::6' }, 'read', orders)).toBe(false)
  })

  it('hold at once when a table has changed', () => {
    const { may, tables } = authorizer([])
    expect(may(alice, 'read', orders)).toBe(false)
    tables.acls.set('new', rule('read', topic('orders')))
    tables.version++
    expect(may(alice, 'read', orders)).toBe(true)
  })
})

describe('before the rules', () => {
  it('super users may do everything, but for what their token leaves out', () => {
    const { may } = authorizer([rule('all', topic('*'), { permission: 'deny' })], 'required', ['User:alice'])
    expect(may(alice, 'write', orders)).toBe(true)
    const scope = { operations: ['read'], resources: [topic('orders')] } as const
    expect(may({ ...alice, scope }, 'write', orders)).toBe(false)
    expect(may({ ...alice, scope }, 'read', orders)).toBe(true)
    expect(may({ ...alice, scope }, 'describe', orders)).toBe(true)
  })

  it('a mode says for whom they hold', () => {
    const nobody: Asked = { ...alice, principal: 'User:ANONYMOUS', kind: 'none' }
    for (const [mode, anonymous, known] of [
      ['off', true, true],
      ['optional', true, false],
      ['required', false, false],
    ] as const) {
      const { may } = authorizer([], mode)
      expect([mode, may(nobody, 'write', orders), may(alice, 'write', orders)]).toEqual([mode, anonymous, known])
    }
  })
})

test('a client without a credential is listened to where a rule lets it do something', () => {
  const nobody: Asked = { ...alice, principal: 'User:ANONYMOUS', kind: 'none' }
  const admits = (rules: Acl[], asked = nobody) => authorizer(rules).made.admitsAnybody(asked)
  expect(admits([])).toBe(false)
  expect(admits([], alice)).toBe(true)
  expect(admits([rule('read', topic('orders'))])).toBe(false)
  for (const principal of ['User:*', 'User:ANONYMOUS']) {
    expect(admits([rule('read', topic('orders'), { principal })])).toBe(true)
    expect(admits([rule('read', topic('orders'), { principal, permission: 'deny' })])).toBe(false)
    expect(admits([rule('read', topic('orders'), { principal, host: '10.9.9.9' })])).toBe(false)
  }
  for (const mode of ['off', 'optional'] as const) expect(authorizer([], mode).made.admitsAnybody(nobody)).toBe(true)
})

test('a token narrows what its principal may do, and never widens it', () => {
  const { may } = authorizer([rule('read', topic('orders'))])
  const all = { ...alice, scope: { operations: ['all'], resources: [topic('*')] } } as const
  expect([may(all, 'read', orders), may(all, 'write', orders)]).toEqual([true, false])
  const other = { ...alice, scope: { operations: ['read'], resources: [topic('other')] } } as const
  expect(may(other, 'read', orders)).toBe(false)
})

describe('whether some topic may be written', () => {
  const any = (rules: Acl[], asked = alice) => authorizer(rules).made.decideAny(asked, 'write', 'topic').allowed

  it('follows from a rule that allows it and that no denial covers as a whole (KIP-679)', () => {
    const allow = rule('write', topic('ord', 'prefixed'))
    expect(any([])).toBe(false)
    expect(any([allow])).toBe(true)
    expect(any([allow], bob)).toBe(false)
    expect(any([rule('read', topic('orders'))])).toBe(false)
    const deny = (resource: ResourcePattern) => rule('all', resource, { permission: 'deny' })
    expect(any([allow, deny(topic('orders'))])).toBe(true)
    expect(any([allow, deny(topic('or', 'prefixed'))])).toBe(false)
    expect(any([allow, deny(topic('*'))])).toBe(false)
    expect(any([rule('write', topic('orders')), deny(topic('orders'))])).toBe(false)
  })

  it('is within the scope of the token', () => {
    const rules = [rule('write', topic('orders'))]
    expect(any(rules, { ...alice, scope: { operations: ['read'], resources: [topic('orders')] } })).toBe(false)
    expect(any(rules, { ...alice, scope: { operations: ['write'], resources: [topic('orders')] } })).toBe(true)
  })
})

test('the index decides as a walk over all rules does', () => {
  const names = fc.constantFrom('a', 'ab', 'abc', 'b', '*')
  const acls = fc.array(
    fc.record({
      principal: fc.constantFrom('User:alice', 'User:bob', 'User:*', 'Group:g'),
      host: fc.constantFrom('*', 'h'),
      operation: fc.constantFrom(...operations),
      permission: fc.constantFrom('allow', 'deny'),
      resource: fc.record({
        type: fc.constantFrom('topic', 'cluster'),
        name: names,
        pattern: fc.constantFrom('literal', 'prefixed'),
      }),
    }),
    { maxLength: 12 },
  ) as fc.Arbitrary<Acl[]>
  const asked = fc.record({
    principal: fc.constantFrom('User:alice', 'User:bob'),
    groups: fc.constantFrom([], ['Group:g']),
    host: fc.constantFrom('h', 'i'),
    kind: fc.constant('scram' as const),
    scope: fc.constant(null),
    via: fc.constant([]),
  })
  const resource = fc.record({ type: fc.constantFrom('topic', 'cluster'), name: names }) as fc.Arbitrary<Resource>
  const wanted = fc.constantFrom(...operations.slice(1))
  fc.assert(
    fc.property(acls, asked, wanted, resource, (rules, who, operation, what) => {
      const about = rules.filter(
        ({ principal, host, resource: { type, name, pattern } }) =>
          (host === '*' || host === who.host) &&
          [who.principal, 'User:*', ...who.groups].includes(principal) &&
          type === what.type &&
          covers({ type, name, pattern }, what.name),
      )
      const names = (acl: Acl, those: readonly Operation[]) => acl.operation === 'all' || those.includes(acl.operation)
      const denied = about.some((acl) => acl.permission === 'deny' && names(acl, [operation]))
      const allowed = about.some((acl) => acl.permission === 'allow' && names(acl, allowedBy(operation)))
      expect(authorizer(rules).may(who, operation, what)).toBe(allowed && !denied)
    }),
    { numRuns: 2_000 },
  )
})
