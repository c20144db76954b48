import { expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { BLOCK_BYTES } from './block.ts'
import { BlockReader } from './block-reader.ts'
import { JournalFile } from './journal-file.ts'

/** More than the reader looks at in one piece. */
const BLOCKS = 300

async function journalFile(): Promise<JournalFile> {
  const disk = new MemoryDisk().mount()
  await disk.makeFolder('j')
  const file = await disk.open('j/1.journal')
  for (let block = 0; block < BLOCKS; block++)
    await file.write([new Uint8Array(BLOCK_BYTES).fill(block % 251)], block * BLOCK_BYTES)
  return JournalFile.open(disk, 'j', '1.journal', BLOCKS * BLOCK_BYTES)
}

const marks = (bytes: Uint8Array): number[] => {
  const count = bytes.length / BLOCK_BYTES
  return Array.from({ length: count }, (_, at) => {
    const block = bytes.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES)
    return block.every((byte) => byte === block[0]) ? block[0]! : -1
  })
}

test('blocks are copied unchanged, also across the piece that was read last, and as zeros after the end', async () => {
  const file = await journalFile()
  const reader = new BlockReader(nodeCrc32c)
  await reader.view(file, 1)
  expect(marks(await reader.copy(file, 1, 3))).toEqual([1, 2, 3])
  expect(marks(await reader.copy(file, 250, 10))).toEqual([250, 0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(marks(await reader.copy(file, BLOCKS, 2))).toEqual([0, 0])
  expect(marks(await reader.copy(file, BLOCKS - 1, 2))).toEqual([(BLOCKS - 1) % 251, 0])
})

test('a block of zeros, or after the end, is empty; any other that is not a block is unsound', async () => {
  const file = await journalFile()
  const reader = new BlockReader(nodeCrc32c)
  expect(await reader.view(file, 0)).toBe('empty')
  expect(await reader.view(file, BLOCKS)).toBe('empty')
  expect(await reader.view(file, 7)).toBe('unsound')
})
