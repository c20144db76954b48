import { crc32c, EntryKind } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { recordsBatch } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { type IndexEnv, readIndex, rebuildIndex } from './index-cache.ts'
import { OpenFiles } from './open-files.ts'
import { Segment } from './segment.ts'
import { INDEX_ENTRY_BYTES, SparseIndex } from './sparse-index.ts'

const BATCHES = 12

/**
 * A segment from entry 5 and offset 40 on, with a place in its index for each second batch, in memory and in its file.
 */
async function segment(batches = BATCHES) {
  const disk = new MemoryDisk()
  await disk.makeFolder('log')
  const env: IndexEnv = { files: new OpenFiles(disk, 8), crc32c, indexInterval: 1000 }
  const one = new Segment('log', 5, 40, new SparseIndex(crc32c))
  await env.files.use(one.path, async (file) => {
    for (let at = 0; at < batches; at++) {
      const offset = 40 + 2 * at
      const batch = recordsBatch(offset, 3, 2, 800, 1000 + at)
      await file.write([batch], one.bytes)
      const header = { index: 5 + at, term: 3, kind: EntryKind.Records, baseOffset: offset, lastOffset: offset + 1 }
      one.add({ ...header, bytes: batch.length }, batch, 0, env.indexInterval)
    }
  })
  await one.writeIndex(env.files)
  return { disk, env, one }
}

const encoded = (index: SparseIndex): string => Buffer.from(index.encode(0, index.length)).toString('hex')

test('an index that is made anew from the batches is the one that was written, in memory and in its file', async () => {
  const { env, one } = await segment()
  const before = encoded(one.index!)
  expect(one.index!.length).toBe(BATCHES / 2)
  await env.files.use(one.indexPath, (file) => file.truncate(0))
  const rebuilt = await rebuildIndex(env, one)
  expect([encoded(rebuilt), one.indexed]).toEqual([before, BATCHES / 2])
  expect(one.index).toBe(rebuilt)
  expect(encoded((await readIndex(env, one))!)).toBe(before)
})

test('it ends before the first batch that is not sound', async () => {
  const { disk, env, one } = await segment()
  const third = one.index!.byIndex(9)
  disk.flip(one.path, third.position + 200, 1)
  const rebuilt = await rebuildIndex(env, one)
  expect(rebuilt.length).toBe(2)
  expect(rebuilt.byIndex(16)).toMatchObject({ index: 7 })
})

test('where no batch is sound it tells only the start of the segment', async () => {
  for (const batches of [0, 3]) {
    const { disk, env, one } = await segment(batches)
    if (batches > 0) disk.flip(one.path, 200, 1)
    const rebuilt = await rebuildIndex(env, one)
    expect(rebuilt.length).toBe(1)
    expect(rebuilt.byIndex(7)).toEqual({ index: 5, offset: 40, position: 0 })
    expect(rebuilt.byTime(5000)).toEqual({ index: 5, offset: 40, position: 0 })
  }
})

test('an index file that is shorter than the checkpoint says, or another one, is none', async () => {
  const { disk, env, one } = await segment()
  disk.flip(one.indexPath, INDEX_ENTRY_BYTES, 1)
  expect(await readIndex(env, one)).toBeNull()
  disk.flip(one.indexPath, INDEX_ENTRY_BYTES, 1)
  expect(await readIndex(env, one)).not.toBeNull()
  await env.files.use(one.indexPath, (file) => file.truncate(one.indexed * INDEX_ENTRY_BYTES - 1))
  expect(await readIndex(env, one)).toBeNull()
})
