import { beforeEach, expect, test } from 'vitest'
import type { Session } from '../identity/session.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { Authorizer } from './authorizer.ts'
import { Guard } from './guard.ts'

const identity = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'token', credential: '' } as const
const session: Session = { ...identity, expiresAt: null, scope: null, via: [] }

let tables: MemoryTables
let guard: Guard
/** How often a decision was made. */
let decided: number

beforeEach(() => {
  tables = new MemoryTables()
  decided = 0
  const authorizer = new Authorizer({ mode: 'required', superUsers: [], tables: () => tables })
  const decide = authorizer.decide.bind(authorizer)
  authorizer.decide = (...asked) => {
    decided += 1
    return decide(...asked)
  }
  guard = new Guard(authorizer, session, () => null)
})

const may = {
  topic: () => guard.mayTopic('describe', 'billing'),
  group: () => guard.mayGroup('describe', 'billing'),
}

test.each(['topic', 'group'] as const)(
  'a decision on a %s is remembered until a rule or the session changes',
  (type) => {
    const other = type === 'topic' ? 'group' : 'topic'
    for (let time = 0; time < 3; time++) expect(may[type]()).toBe(false)
    expect(decided).toBe(1)
    tables.rule('User:ann', 'describe', { type, name: 'billing' })
    for (let time = 0; time < 3; time++) expect([may[type](), may[other]()]).toEqual([true, false])
    expect(decided).toBe(3)
    guard.renew({ ...session, principal: 'User:bob' })
    expect([may[type](), may[type](), decided]).toEqual([false, false, 4])
  },
)

test('decisions on very many names are not all remembered', () => {
  for (const name of ['first', ...Array.from({ length: 10_000 }, (_, at) => `g-${at}`), 'first']) {
    guard.mayGroup('describe', name)
  }
  expect(decided).toBe(10_002)
})
