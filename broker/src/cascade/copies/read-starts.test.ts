import { expect, it } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ReadStarts } from './read-starts.ts'

it('M88 where reading begins is known after a restart, and of a deleted topic no more', async () => {
  const store = new MemoryStore()
  const first = new ReadStarts(store)
  await first.load()
  await first.note('A', 0, 10)
  await first.note('A', 0, 15)
  await first.note('AB', 3, 7)
  const again = new ReadStarts(store)
  await again.load()
  expect([again.of('A', 0), again.of('A', 1), again.of('AB', 3)]).toEqual([15, 0, 7])
  await again.forget('A')
  const last = new ReadStarts(store)
  await last.load()
  expect([again.of('A', 0), last.of('A', 0), last.of('AB', 3)]).toEqual([0, 0, 7])
})

it.each(['-1', '1.5', '"7"', '{'])('a value that is no offset is damage: %s', async (text) => {
  const store = new MemoryStore()
  await store.write([['cascade/read-from/A/0', new TextEncoder().encode(text)]])
  await expect(new ReadStarts(store).load()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
})
