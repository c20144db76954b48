import { describe, expect, test } from 'vitest'
import type { Acl } from '../../api/security-api.ts'
import { quotaKey } from '../../security/quotas/quota.ts'
import type { StoredToken } from '../../security/security-tables.ts'
import type { Command } from './commands/command.ts'
import { decodeCommand, encodeCommand } from './commands/command.ts'
import { MOST_IN_COMMAND } from './commands/security-commands.ts'
import { MetadataState } from './metadata-state.ts'
import { MOST_ACLS, MOST_QUOTAS, MOST_TOKENS, MOST_USERS } from './security-state.ts'

const asked = { at: 1.7e12, broker: 1, by: 'User:root' }
const key = `${'A'.repeat(43)}=`
const other = `${'B'.repeat(43)}=`
const credential = { salt: `${'C'.repeat(22)}==`, iterations: 4096, storedKey: key, serverKey: other }
const user = (name: string, iterations = 4096) => ({ name, scram: { 'SCRAM-SHA-256': { ...credential, iterations } } })
const idOf = (number: number) => String(number).padStart(24, '0')
const token = (number: number): StoredToken => ({
  id: idOf(number),
  hash: key,
  principal: 'User:svc',
  scope: { operations: ['read'], resources: [{ type: 'topic', name: 'orders.', pattern: 'prefixed' }] },
  createdAt: 1.7e12,
  createdBy: 'User:root',
  expiresAt: 1.8e12,
})
const acl = (name: string, permission: Acl['permission'] = 'allow'): Acl => ({
  principal: 'User:ann',
  host: '*',
  operation: 'read',
  permission,
  resource: { type: 'topic', name, pattern: 'literal' },
})

let commands = 0
function apply(state: MetadataState, command: Command) {
  const applied = state.apply(state.head.appliedIndex + 1, { id: `c${commands++}`, command })
  return { ...applied, code: applied.result.ok ? null : applied.result.code }
}

describe('users', () => {
  test('are set, get another password, and are deleted; a stranger cannot be', () => {
    const state = new MetadataState()
    expect(apply(state, { type: 'set-user', user: user('ann'), ...asked }).code).toBeNull()
    apply(state, { type: 'set-user', user: user('ann', 5000), ...asked })
    expect([...state.security.users]).toEqual([['ann', user('ann', 5000)]])
    expect(apply(state, { type: 'delete-user', name: 'bob', ...asked }).code).toBe('UNKNOWN_USER')
    expect(apply(state, { type: 'delete-user', name: 'ann', ...asked }).code).toBeNull()
    expect(state.security.users.size).toBe(0)
    expect(state.audit.map(({ action, target }) => [action, target])).toEqual([
      ['set-user', 'User:ann'],
      ['set-user', 'User:ann'],
      ['delete-user', 'User:ann'],
    ])
  })

  test('are bounded; those that exist get a new password even then', () => {
    const state = new MetadataState()
    const users = new Map(Array.from({ length: MOST_USERS }, (_, at) => [`u${at}`, user(`u${at}`)]))
    state.security.change(1, { users })
    expect(apply(state, { type: 'set-user', user: user('one-more'), ...asked }).code).toBe('TOO_MANY_USERS')
    expect(apply(state, { type: 'set-user', user: user('u7', 5000), ...asked }).code).toBeNull()
  })
})

describe('quotas', () => {
  const entity = (address: string) => ({ principal: 'User:ann', clientId: '*', address })
  const set = (address: string, connections = 7): Command => {
    return { type: 'set-quota', quota: { entity: entity(address), limits: { connections } }, ...asked }
  }

  test('are set in the place of earlier ones, and removed; each change gives another map', () => {
    const state = new MetadataState()
    expect(apply(state, set('10.0.0.1')).code).toBeNull()
    const before = state.security.quotas
    apply(state, set('10.0.0.1', 9))
    expect([...state.security.quotas.values()]).toEqual([{ entity: entity('10.0.0.1'), limits: { connections: 9 } }])
    expect([...before.values()]).toEqual([{ entity: entity('10.0.0.1'), limits: { connections: 7 } }])
    const remove = { type: 'remove-quota', entity: entity('10.0.0.1'), ...asked } as const
    expect(apply(state, { ...remove, entity: entity('10.0.0.2') }).code).toBe('UNKNOWN_QUOTA')
    expect(apply(state, remove).code).toBeNull()
    expect(state.security.quotas.size).toBe(0)
    const target = 'User:ann, each client id, from 10.0.0.1'
    expect(state.audit.map(({ action, target: on, detail }) => [action, on, detail])).toEqual([
      ['set-quota', target, 'connections 7'],
      ['set-quota', target, 'connections 9'],
      ['remove-quota', target, ''],
    ])
    const { quotas } = state.security
    apply(state, { type: 'set-user', user: user('ann'), ...asked })
    expect(state.security.quotas).toBe(quotas)
  })

  test('are bounded; those that exist get other limits even then', () => {
    const state = new MetadataState()
    const addresses = Array.from({ length: MOST_QUOTAS }, (_, at) => `10.0.${at >> 8}.${at & 255}`)
    const quotas = addresses.map((address) => {
      return [quotaKey(entity(address)), { entity: entity(address), limits: { connections: 7 } }] as const
    })
    state.security.change(1, { quotas: new Map(quotas) })
    expect(apply(state, set('10.1.0.0')).code).toBe('TOO_MANY_QUOTAS')
    expect(apply(state, set('10.0.0.7', 9)).code).toBeNull()
  })
})

describe('tokens', () => {
  test('are added once, and removed one by one or together', () => {
    const state = new MetadataState()
    for (const number of [1, 2, 3]) apply(state, { type: 'add-token', token: token(number), ...asked })
    expect(apply(state, { type: 'add-token', token: token(1), ...asked }).code).toBe('INVALID_REQUEST')
    const revoke = { type: 'remove-tokens', expired: false, ...asked } as const
    expect(apply(state, { ...revoke, ids: [idOf(9)] }).code).toBe('UNKNOWN_TOKEN')
    expect(apply(state, { ...revoke, ids: [idOf(1)] }).code).toBeNull()
    const { version } = state.security
    expect(apply(state, { ...revoke, expired: true, ids: [idOf(1)] }).code).toBeNull()
    expect(state.security.version).toBe(version)
    apply(state, { ...revoke, expired: true, ids: [idOf(1), idOf(2), idOf(3)] })
    expect(state.security.tokens.size).toBe(0)
    expect(state.audit.at(-1)).toMatchObject({ target: '2 tokens', detail: `expired: ${idOf(2)}, ${idOf(3)}` })
  })

  test('are bounded', () => {
    const state = new MetadataState()
    const tokens = new Map(Array.from({ length: MOST_TOKENS }, (_, at) => [idOf(at), token(at)]))
    state.security.change(1, { tokens })
    const add = { type: 'add-token', token: token(MOST_TOKENS), ...asked } as const
    expect(apply(state, add).code).toBe('TOO_MANY_TOKENS')
    apply(state, { type: 'remove-tokens', ids: [idOf(5)], expired: false, ...asked })
    expect(apply(state, add).code).toBeNull()
  })
})

describe('rules', () => {
  test('are added once, and removed where they are; what changes nothing leaves no record', () => {
    const state = new MetadataState()
    apply(state, { type: 'add-acls', acls: [acl('a'), acl('b')], ...asked })
    apply(state, { type: 'add-acls', acls: [acl('b'), acl('b', 'deny')], ...asked })
    expect([...state.security.acls.values()]).toEqual([acl('a'), acl('b'), acl('b', 'deny')])
    expect(state.audit.map(({ target }) => target)).toEqual(['2 rules', '1 rule'])
    const { version } = state.security
    apply(state, { type: 'add-acls', acls: [acl('a')], ...asked })
    apply(state, { type: 'remove-acls', acls: [acl('c')], ...asked })
    expect([state.security.version, state.audit.length]).toEqual([version, 2])
    apply(state, { type: 'remove-acls', acls: [acl('b'), acl('c')], ...asked })
    expect([...state.security.acls.values()]).toEqual([acl('a'), acl('b', 'deny')])
    expect(state.audit.at(-1)).toMatchObject({ action: 'remove-acls', detail: 'allow User:ann from * read on topic b' })
  })

  test('are bounded, and a command that would go beyond adds none', () => {
    const state = new MetadataState()
    for (let from = 0; from < MOST_ACLS; from += MOST_IN_COMMAND) {
      const acls = Array.from({ length: MOST_IN_COMMAND }, (_, at) => acl(`t${from + at}`))
      expect(apply(state, { type: 'add-acls', acls, ...asked }).code).toBeNull()
    }
    apply(state, { type: 'remove-acls', acls: [acl('t0')], ...asked })
    const two = { type: 'add-acls', acls: [acl('x'), acl('y')], ...asked } as const
    expect(apply(state, two).code).toBe('TOO_MANY_ACLS')
    expect(state.security.acls.size).toBe(MOST_ACLS - 1)
    expect(apply(state, { ...two, acls: [acl('x'), acl('t1')] }).code).toBeNull()
  })

  test('a command names at most a thousand, each once', () => {
    const readable = (acls: readonly Acl[]) =>
      decodeCommand(encodeCommand({ id: 'c', command: { type: 'add-acls', acls, ...asked } }, 0)) !== null
    const many = Array.from({ length: MOST_IN_COMMAND }, (_, at) => acl(`t${at}`))
    expect(readable(many)).toBe(true)
    expect(readable([...many, acl('more')])).toBe(false)
    expect(readable([acl('a'), acl('a')])).toBe(false)
  })
})

test('the tables are one object, whose version is the index of the command that changed them last', () => {
  const state = new MetadataState()
  const { security } = state
  expect(security.version).toBe(0)
  state.apply(7, { id: 'a', command: { type: 'set-user', user: user('ann'), ...asked } })
  expect(state.security).toBe(security)
  expect(security.version).toBe(7)
  state.apply(8, { id: 'b', command: { type: 'delete-topic', name: 'none' } })
  state.apply(9, { id: 'a', command: { type: 'set-user', user: user('bob'), ...asked } })
  expect([security.version, [...security.users.keys()]]).toEqual([7, ['ann']])
})

test('no record of the audit names a key, a salt or a hash', () => {
  const state = new MetadataState()
  apply(state, { type: 'set-user', user: user('ann'), ...asked })
  apply(state, { type: 'add-token', token: token(1), ...asked })
  apply(state, { type: 'remove-tokens', ids: [idOf(1)], expired: false, ...asked })
  const text = JSON.stringify(state.audit)
  expect(state.audit).toHaveLength(3)
  for (const secret of [key, other, credential.salt]) expect(text).not.toContain(secret)
  expect(text).toContain('for User:svc, until 2027-01-15T08:00:00.000Z, read on topic orders.*')
})

test('the record of a change of many rules is short', () => {
  const state = new MetadataState()
  const acls = Array.from({ length: MOST_IN_COMMAND }, (_, at) => acl(`t${at}-${'x'.repeat(200)}`))
  apply(state, { type: 'add-acls', acls, ...asked })
  expect(state.audit[0]!.detail.length).toBeLessThanOrEqual(1000)
})
