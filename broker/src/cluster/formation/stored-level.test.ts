import { expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { checkStoredLevel } from './stored-level.ts'

const head = { appliedIndex: 5, nextGroup: 1, nextProducer: 0, commands: 0, audits: 0 }
const stored = async (pairs: Record<string, unknown>) => {
  const store = new MemoryStore()
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  await store.write(Object.entries(pairs).map(([key, value]) => [key, bytes(value)] as const))
  return store
}
const check = async (pairs: Record<string, unknown>, highest: number) =>
  checkStoredLevel(await stored(pairs), 3, { lowest: 1, highest })

test('a broker whose store holds a level that it does not support is refused', async () => {
  await expect(check({ 'meta/head': { ...head, featureLevel: 2 } }, 1)).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
    message: expect.stringContaining('Broker 3 supports 1 to 1, the cluster is at 2.'),
  })
  await check({ 'meta/head': { ...head, featureLevel: 2 } }, 2)
})

test('no metadata, and metadata of the time before levels, are of the first level', async () => {
  await check({}, 1)
  await check({ 'meta/head': head }, 1)
})

test('metadata of a newer format are refused as such, whatever their level', async () => {
  await expect(check({ 'meta/format': 2, 'meta/head': { anything: 1 } }, 1)).rejects.toMatchObject({
    code: 'NEWER_FORMAT',
  })
})
