import { expect, test } from 'vitest'
import { DiskError, type DiskFile } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { JournalFile } from './journal-file.ts'

const FILE_BYTES = 256 * 1024
const timer = { now: () => 0, took: () => {} }

/** A journal file of which the first `allocated` bytes are filled, and the operations that it asks the disk for. */
async function journalFile(allocated: number, { inOneCall = true } = {}) {
  const memory = new MemoryDisk()
  await memory.makeFolder('j')
  const file = await memory.open('j/1')
  if (allocated > 0) await file.write([new Uint8Array(allocated)], 0)
  const asked: string[] = []
  let failure: DiskError | null = null
  const watched: DiskFile = {
    ...file,
    write: (pieces, position) => {
      asked.push('write')
      return file.write(pieces, position)
    },
    sync: () => {
      asked.push('sync')
      return file.sync()
    },
  }
  const writeDurably = async (bytes: Uint8Array, position: number): Promise<void> => {
    asked.push('both')
    if (failure !== null) throw failure
    await file.write([bytes], position)
    await file.sync()
  }
  const journal = new JournalFile('1', inOneCall ? { ...watched, writeDurably } : watched, FILE_BYTES, allocated)
  const fail = (kind: DiskError['kind'] | null): void => {
    failure = kind === null ? null : new DiskError(kind, 'no')
  }
  return { journal, asked, fail }
}

const round = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(7)

test('a small round over allocated bytes is one call of the disk, where it can do that', async () => {
  const { journal, asked } = await journalFile(FILE_BYTES)
  await journal.write(round(4096), 4096, timer)
  await journal.write(round(64 * 1024), 8192, timer)
  expect(asked).toEqual(['both', 'both'])
  const plain = await journalFile(FILE_BYTES, { inOneCall: false })
  await plain.journal.write(round(4096), 4096, timer)
  expect(plain.asked).toEqual(['write', 'sync'])
})

test('a large round, and one that makes the file grow, are written and then synced', async () => {
  const { journal, asked } = await journalFile(128 * 1024)
  await journal.write(round(64 * 1024 + 4096), 0, timer)
  await journal.write(round(4096), 126 * 1024, timer)
  expect(asked).toEqual(['write', 'sync', 'write', 'sync'])
  await journal.write(round(4096), 126 * 1024, timer)
  expect(asked.slice(4)).toEqual(['both'])
})

test('for lack of space it may be tried again, behind any other error not', async () => {
  const { journal, asked, fail } = await journalFile(FILE_BYTES)
  for (const kind of ['full', 'failed'] as const) {
    fail(kind)
    await expect(journal.write(round(4096), 0, timer)).rejects.toMatchObject({ kind })
  }
  fail(null)
  await journal.write(round(4096), 0, timer)
  expect(asked).toEqual(['both', 'both', 'both'])
})
