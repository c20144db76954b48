import { formatTable } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { MemoryStore } from '../testing/memory-store.ts'
import { checkStateFormat } from './state-format.ts'

const { version } = formatTable.stateStore

async function storeOf(text: string | null) {
  const store = new MemoryStore()
  if (text !== null) await store.write([['format', new TextEncoder().encode(text)]])
  return store
}

test('a store without a version gets the present one, and is accepted with it', async () => {
  const store = await storeOf(null)
  await checkStateFormat(store)
  expect(new TextDecoder().decode((await store.get('format'))!)).toBe(String(version))
  await checkStateFormat(store)
})

test('versions up to the present one are accepted', async () => {
  for (let known = 1; known <= version; known++) await checkStateFormat(await storeOf(`${known}`))
})

test.each(['', '0', '-1', '1.5', 'one', '1 ', '1\0'].filter((text) => Number(text) !== 1))(
  '%j is no version',
  async (text) => {
    await expect(checkStateFormat(await storeOf(text))).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  },
)

test('a newer version is refused, and left unchanged', async () => {
  const store = await storeOf(`${version + 1}`)
  await expect(checkStateFormat(store)).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  expect(new TextDecoder().decode((await store.get('format'))!)).toBe(`${version + 1}`)
})
