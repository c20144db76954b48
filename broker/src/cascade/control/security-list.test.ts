import { expect, test } from 'vitest'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { readTables } from '../upstream/security-pages.ts'
import type { SourceLink } from '../upstream/source-link.ts'
import { securityPageFields } from '../wire/cascade-fields.ts'
import { SecurityList } from './security-list.ts'

const topic = (name: string) => ({ type: 'topic', name }) as const

/** A link to a source that has this list; `before` is called before each answer. */
function linkTo(list: SecurityList, before: (from: number) => void = () => {}): SourceLink {
  return {
    request: async (_: string, { from }: { from: number }) => {
      before(from)
      return { fields: { correlation: 1, ...securityPageFields(list.page(from)) } }
    },
  } as unknown as SourceLink
}

/** Tokens as the metadata makes them; MemoryTables' own ids are shorter. */
function tablesOf(tokens: number, acls: number): MemoryTables {
  const tables = new MemoryTables()
  for (let n = 0; n < tokens; n++) {
    tables.token('User:svc')
    const [[key, token]] = [...tables.tokens].slice(-1) as [
      [string, typeof tables.tokens extends Map<string, infer T> ? T : never],
    ]
    tables.tokens.delete(key)
    const id = n.toString(16).padStart(24, '0')
    tables.tokens.set(id, { ...token, id })
  }
  for (let n = 0; n < acls; n++) tables.rule(`User:u${n}`, 'read', topic(`t${n}`))
  return tables
}

test('all of the tables are read, page by page', async () => {
  const tables = tablesOf(6000, 7000)
  await tables.user('alice-the-first', 'pencil')
  const list = new SecurityList(() => tables, nodeCrypto)
  const asked: number[] = []
  const told = await readTables(
    linkTo(list, (from) => void asked.push(from)),
    'h:1',
  )
  expect(told!.digest).toBe(list.digest)
  const { users, tokens, acls, quotas } = tables
  expect(told!.tables).toEqual({ users, tokens, acls, quotas })
  expect(asked.length).toBeGreaterThan(2)
})

test('tables that change while they are read are read again, and in the end given up until the next beat', async () => {
  const tables = tablesOf(0, 12_000)
  const list = new SecurityList(() => tables, nodeCrypto)
  let changes = 1
  const change = (from: number): void => {
    if (from > 0 && changes-- > 0) tables.rule('User:late', 'read', topic('t'))
  }
  const told = await readTables(linkTo(list, change), 'h:1')
  expect(told!.tables.acls.size).toBe(12_001)
  changes = 100
  expect(
    await readTables(
      linkTo(
        list,
        (from) => from > 0 && tables.version++ && tables.rule(`User:n${tables.version}`, 'read', topic('t')),
      ),
      'h:1',
    ),
  ).toBeNull()
})

test('the digest follows what the tables hold, and is empty while nothing is known', async () => {
  const tables = tablesOf(1, 1)
  const list = new SecurityList(() => tables, nodeCrypto)
  const first = list.digest
  tables.version++
  expect(list.digest).toBe(first)
  tables.rule('User:b', 'read', topic('t'))
  expect(list.digest).not.toBe(first)
  let known: SecurityTables | null = null
  const other = new SecurityList(() => known, nodeCrypto)
  expect(other.digest).toBe('')
  expect(() => other.page(0)).toThrow(expect.objectContaining({ code: 'NOT_READY' }))
  known = tables
  expect(other.digest).toBe(list.digest)
})

test.each([
  ['a user without a password', { users: [{ name: 'a', scram: [] }] }],
  ['a token of no principal', { tokens: [{ id: 'x', hash: '', principal: '', createdAt: 0, createdBy: '' }] }],
  [
    'a rule of an operation that is none',
    {
      acls: [
        {
          principal: 'User:a',
          host: '*',
          operation: 'fly',
          permission: 'allow',
          resource: { type: 'topic', name: 't', pattern: 'literal' },
        },
      ],
    },
  ],
  ['more than it says', { total: 0 }],
  ['less than it says, and no more', { total: 9 }],
  ['no digest', { digest: '' }],
])('a source that tells %s is not believed', async (_, change) => {
  const fields = { correlation: 1, digest: 'd', total: 1, users: [], tokens: [], acls: [], ...change }
  const acl = {
    principal: 'User:a',
    host: '*',
    operation: 'read',
    permission: 'allow',
    resource: { type: 'topic', name: 't', pattern: 'literal' },
  }
  const whole = {
    ...fields,
    acls: [...fields.acls, ...('acls' in change || ('total' in change && change.total === 9) ? [] : [acl])],
  }
  const link = { request: async () => ({ fields: whole }) } as unknown as SourceLink
  await expect(readTables(link, 'h:1')).rejects.toMatchObject({ code: 'INCOMPATIBLE_PEER' })
})
