import { expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { CopiedTables } from './copied-tables.ts'

const topic = { type: 'topic', name: 't' } as const

test('without any, nothing is allowed; what was told stays over a restart', async () => {
  const store = new MemoryStore()
  const copied = await CopiedTables.load(store)
  expect([copied.digest, copied.tables.acls.size, copied.tables.users.size]).toEqual(['', 0, 0])
  const tables = new MemoryTables()
  await tables.user('alice-the-first', 'pencil')
  tables.rule('User:alice', 'read', topic)
  tables.quota({ principal: 'User:alice', address: '*' }, { requestsPerSecond: 5, connections: 2 })
  const { users, tokens, acls, quotas } = tables
  const { version } = copied.tables
  const taking = copied.take({ digest: 'd1', tables: { users, tokens, acls, quotas } })
  // At once, and under another version: what was revoked must not be allowed until it is on the disk.
  expect([copied.digest, copied.tables.acls.size]).toEqual(['d1', 1])
  expect(copied.tables.version).toBeGreaterThan(version)
  await taking
  const again = await CopiedTables.load(store)
  expect([again.digest, again.tables]).toEqual(['d1', { version: 1, users, tokens, acls, quotas }])
})

test('quotas stay where a source tells none, which one of a version before does, and are read anew after an update', async () => {
  const store = new MemoryStore()
  const copied = await CopiedTables.load(store)
  const tables = new MemoryTables()
  const { users, tokens, acls } = tables
  tables.quota({ clientId: '*' }, { connections: 2 })
  await copied.take({ digest: 'd1', tables: { users, tokens, acls, quotas: tables.quotas } })
  await copied.take({ digest: 'd2', tables: { users, tokens, acls, quotas: null } })
  expect([copied.digest, copied.tables.quotas]).toEqual(['d2', tables.quotas])
  expect((await CopiedTables.load(store)).tables.quotas).toEqual(tables.quotas)
  const { quotas: _, ...before } = JSON.parse(new TextDecoder().decode((await store.get('cascade/security'))!))
  await store.write([['cascade/security', new TextEncoder().encode(JSON.stringify(before))]])
  const updated = await CopiedTables.load(store)
  expect([updated.digest, updated.tables.quotas.size]).toEqual(['without quotas', 0])
})

test.each([
  '{',
  '{}',
  '{"version":1,"digest":"d","users":[{}],"tokens":[],"acls":[]}',
  '{"version":1,"digest":"","users":[],"tokens":[],"acls":[]}',
  '{"version":1,"digest":"d","users":[],"tokens":[],"acls":[],"quotas":[{"entity":{},"limits":{"connections":1}}]}',
])('a copy that cannot be read is none that allows nothing, but a fault: %s', async (text) => {
  const store = new MemoryStore()
  await store.write([['cascade/security', new TextEncoder().encode(text)]])
  await expect(CopiedTables.load(store)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
})
