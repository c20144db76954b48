import { describe, expect, it, test } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import type { TokenScope } from '../../api/security-api.ts'
import { Authorizer } from '../access/authorizer.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { anonymousSession, type Session } from './session.ts'
import { vouchedSession } from './vouched-session.ts'

const scope: TokenScope = { operations: ['read'], resources: [{ type: 'topic', name: 't', pattern: 'literal' }] }
const cascade: Session = {
  ...anonymousSession('10.0.0.9'),
  principal: 'Cascade:101',
  kind: 'token',
  credential: 'id',
  expiresAt: 7,
  scope,
}
const below = { principal: 'Cascade:201', host: '10.0.0.8' }
const ann: Asker = { principal: 'User:ann', groups: ['Group:g'], host: '10.0.0.1', kind: 'scram', via: [below] }

test('a client of a cascade broker has a session that ends with the cascade broker’s', () => {
  expect(vouchedSession(cascade, ann)).toEqual({
    ...ann,
    via: [below, { principal: 'Cascade:101', host: '10.0.0.9' }],
    credential: '',
    expiresAt: 7,
    scope,
    vouchedBy: cascade,
  })
})

test.each(['User:eve', 'Broker:1', 'User:ANONYMOUS'])('%s speaks for itself alone', (principal) => {
  const session = { ...cascade, principal }
  expect(vouchedSession(session, ann)).toBe(session)
})

test.each([
  { ...ann, kind: 'admin-token' },
  { ...ann, kind: 'word' },
  { ...ann, principal: 'Broker:2' },
])('nobody asks in the name of %j', (asker) => {
  expect(() => vouchedSession(cascade, asker)).toThrow(/Cascade:101 may not ask in the name of/)
})

describe('what it may do', () => {
  const topic = (name: string) => ({ type: 'topic', name }) as const
  const may = (tables: MemoryTables, name: string, asker: Asker = ann) => {
    const authorizer = new Authorizer({ mode: 'required', superUsers: ['User:ann'], tables: () => tables })
    return authorizer.decide(vouchedSession(cascade, asker), 'read', topic(name)).allowed
  }

  it('is what all on the way may do, also where the client is a super user', () => {
    const tables = new MemoryTables()
    expect(may(tables, 't')).toBe(false)
    tables.rule('Cascade:101', 'read', topic('t'))
    expect(may(tables, 't')).toBe(false)
    tables.rule('Cascade:201', 'read', topic('t'))
    expect(may(tables, 't')).toBe(true)
    expect(may(tables, 't', { ...ann, principal: 'User:bob' })).toBe(false)
  })

  it('is within the scope of the cascade broker’s token', () => {
    const tables = new MemoryTables()
    for (const principal of ['Cascade:101', 'Cascade:201']) tables.rule(principal, 'read', topic('x'))
    expect(may(tables, 'x')).toBe(false)
  })
})
