import { expect, test } from 'vitest'
import type { Quota } from '../../api/quotas.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { quotaKey } from '../../security/quotas/quota.ts'
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
function tablesOf(tokens: number, acls: number, quotas = 0): MemoryTables {
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
  const limited = Array.from({ length: quotas }, (_, n): Quota => {
    const entity = { principal: `User:u${n}`, clientId: null, address: n % 2 === 0 ? '*' : null }
    return { entity, limits: { connections: 3, fetchBytesPerSecond: 1e12 + n } }
  })
  tables.quotas = new Map(limited.map((quota) => [quotaKey(quota.entity), quota]))
  return tables
}

test('all of the tables are read, page by page', async () => {
  const tables = tablesOf(6000, 7000, 8000)
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

test('a broker of a version without quotas finds everything else before it gets to them', () => {
  const list = new SecurityList(() => tablesOf(3, 6000, 8000), nodeCrypto)
  let read = 0
  for (let page = list.page(0); read < page.total; page = list.page(read)) {
    const known = page.users.length + page.tokens.length + page.acls.length
    expect(known).toBeGreaterThan(0)
    read += known
  }
  expect(read).toBe(6003)
})

test('a source of a version without quotas says nothing of them, which is not that there are none', async () => {
  const list = new SecurityList(() => tablesOf(1, 1, 1), nodeCrypto)
  const { quotas: _, quotaTotal: __, ...known } = { correlation: 1, ...securityPageFields(list.page(0)) }
  const defaults = { quotas: [], quotaTotal: -1 }
  const link = { request: async () => ({ fields: { ...known, ...defaults } }) } as unknown as SourceLink
  const told = await readTables(link, 'h:1')
  expect([told!.tables.acls.size, told!.tables.quotas]).toEqual([1, null])
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
  const second = list.digest
  expect(second).not.toBe(first)
  tables.quota({ principal: 'User:b' }, { connections: 1 })
  expect(list.digest).not.toBe(second)
  let known: SecurityTables | null = null
  const other = new SecurityList(() => known, nodeCrypto)
  expect(other.digest).toBe('')
  expect(() => other.page(0)).toThrow(expect.objectContaining({ code: 'NOT_READY' }))
  known = tables
  expect(other.digest).toBe(list.digest)
})

const acl = {
  principal: 'User:a',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { type: 'topic', name: 't', pattern: 'literal' },
}
const limit = { kind: 'connections', limit: 1 }
const quota = (entity: object, limits: object[] = [limit]) => ({
  entity: { principal: 'User:ann', clientId: '', address: '', ...entity },
  limits,
})
const sound = {
  correlation: 1,
  digest: 'd',
  users: [] as object[],
  tokens: [] as object[],
  acls: [acl],
  quotas: [quota({})],
  quotaTotal: 1,
}

function toldBy(change: object) {
  const fields = { ...sound, ...change }
  const total = fields.users.length + fields.tokens.length + fields.acls.length
  const link = { request: async () => ({ fields: { total, ...fields } }) } as unknown as SourceLink
  return readTables(link, 'h:1')
}

test.each([
  ['a user without a password', { users: [{ name: 'a', scram: [] }] }],
  ['a token of no principal', { tokens: [{ id: 'x', hash: '', principal: '', createdAt: 0, createdBy: '' }] }],
  ['a rule of an operation that is none', { acls: [{ ...acl, operation: 'fly' }] }],
  ['a quota of nobody', { quotas: [quota({ principal: '' })] }],
  ['a quota of a principal that is none', { quotas: [quota({ principal: 'ann' })] }],
  ['a quota of an address that is none', { quotas: [quota({ address: 'example.org' })] }],
  ['a quota without limits', { quotas: [quota({}, [])] }],
  ['a quota with a limit that is none', { quotas: [quota({}, [{ kind: 'colours', limit: 3 }])] }],
  ['a quota with a limit twice', { quotas: [quota({}, [limit, limit])] }],
  ['a quota of less than one', { quotas: [quota({}, [{ ...limit, limit: 0 }])] }],
  ['more than it says', { total: 0 }],
  ['less than it says, and no more', { acls: [], quotas: [], total: 9 }],
  ['more quotas than it says', { quotaTotal: 0 }],
  ['quotas without their number', { quotaTotal: -1 }],
  ['less quotas than it says, and no more', { acls: [], quotas: [], quotaTotal: 2 }],
  ['a number of quotas that is none', { quotas: [], quotaTotal: -2 }],
  ['no digest', { digest: '' }],
])('a source that tells %s is not believed', async (_, change) => {
  expect((await toldBy({}))!.tables.quotas!.size).toBe(1)
  await expect(toldBy(change)).rejects.toMatchObject({ code: 'INCOMPATIBLE_PEER' })
})
