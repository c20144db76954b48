import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { Catalog } from './catalog.ts'

const topic = (name: string, id: string, partitions: number) => ({ name, id, partitions, replicas: 1, config: {} })
const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** A store in which two topics are kept, with a change of their stored values. */
async function loaded(changes: Readonly<Record<string, object>>): Promise<Catalog> {
  const store = new MemoryStore()
  await new Catalog(store).put([topic('a', 'A', 2), topic('b', 'B', 1)], 4)
  for (const [key, change] of Object.entries(changes)) {
    const kept = JSON.parse(new TextDecoder().decode((await store.get(key))!))
    await store.write([
      [key, encoded(typeof kept === 'number' ? (change as { value: number }).value : { ...kept, ...change })],
    ])
  }
  const catalog = new Catalog(store)
  await catalog.load()
  return catalog
}

describe('the catalogue of a cascade broker', () => {
  it('is the same after a restart, and gives new partitions groups of their own', async () => {
    const catalog = await loaded({})
    await catalog.put([topic('a', 'A', 3), topic('c', 'C', 1)], 5)
    expect([...catalog.topics.values()].map(({ id, groups }) => [id, groups])).toEqual([
      ['A', [1, 2, 4]],
      ['B', [3]],
      ['C', [5]],
    ])
  })

  it('forgets no partition because a list has fewer', async () => {
    const catalog = await loaded({})
    await catalog.put([topic('a', 'A', 1)], 5)
    expect(catalog.topics.get('A')).toMatchObject({ partitions: 2, groups: [1, 2] })
  })

  it('takes no deletion of records back because a list is older', async () => {
    const catalog = await loaded({})
    const deleted = (...pairs: [number, number][]) => pairs.map(([partition, before]) => ({ partition, before }))
    await catalog.put([{ ...topic('a', 'A', 2), deleted: deleted([1, 9]) }], 6)
    await catalog.put([{ ...topic('a', 'A', 2), deleted: deleted([0, 4], [1, 3]) }], 5)
    await catalog.put([topic('a', 'A', 2)], 4)
    expect(catalog.topics.get('A')).toMatchObject({ deleted: deleted([0, 4], [1, 9]) })
    expect(catalog.topics.get('B')).not.toHaveProperty('deleted')
  })

  it.each([
    ['a deletion of no partition', { 'cascade/topic/A': { deleted: [{ partition: -1, before: 1 }] } }],
    ['a group of another topic', { 'cascade/topic/B': { groups: [1] } }],
    ['a group twice', { 'cascade/topic/A': { groups: [1, 1] } }],
    ['a group that was not given out yet', { 'cascade/topic/B': { groups: [9] } }],
    ['group 0, which is none of a topic', { 'cascade/topic/B': { groups: [0] } }],
    ['fewer groups than partitions', { 'cascade/topic/B': { partitions: 2 } }],
    ['the id of another topic', { 'cascade/topic/B': { id: 'A' } }],
    ['a name that no topic can have', { 'cascade/topic/B': { name: '../x' } }],
    ['invalid settings', { 'cascade/topic/B': { config: { retentionMs: 'x' } } }],
    ['a next group that is in use', { 'cascade/next-group': { value: 2 } }],
    ['an invalid next group', { 'cascade/next-group': { value: 0 } }],
  ])('does not begin with %s', async (_, changes) => {
    await expect(loaded(changes)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  })
})
