import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { settled } from '../../platform/testing/clock.ts'
import { BLOCK_BYTES } from './block.ts'
import { Journal } from './journal.ts'
import { Staging } from './staging.ts'

async function newJournal() {
  const disk = new MemoryDisk()
  await disk.makeFolder('j')
  let switches = 0
  const options = {
    disk,
    folder: 'j',
    fileBytes: 8 * BLOCK_BYTES,
    onSwitch: () => switches++,
    onGrowth: () => {},
    mayFill: () => true,
    onFillError: () => {},
    timer: { now: () => 0, took: () => {} },
  }
  const journal = new Journal(options)
  const append = async (blocks: number) => {
    const staging = new Staging(crc32c)
    staging.beginRecord()
    staging.put(new Uint8Array(blocks * 4064), 0, blocks * 4064)
    await journal.append(staging)
    await settled()
    return journal.place
  }
  return { disk, journal, append, switches: () => switches }
}

test('a round that does not fit begins another file, which requests a checkpoint', async () => {
  const { append, switches } = await newJournal()
  const first = await append(5)
  expect(first).toMatchObject({ sequence: 5, base: 1 })
  expect(switches()).toBe(0)
  const second = await append(4)
  expect(second).toMatchObject({ sequence: 9, base: 6 })
  expect(second.file).not.toBe(first.file)
  expect(switches()).toBe(1)
})

test('files are released up to the checkpoint and no further, and used again', async () => {
  const { disk, journal, append } = await newJournal()
  const places = [await append(8), await append(8), await append(8), await append(8)]
  expect(journal.spare).toBe(false)
  journal.release(places[0]!.sequence - 1)
  expect(journal.spare).toBe(false)
  let woken = false
  void journal.released().then(() => (woken = true))
  journal.release(places[0]!.sequence)
  await settled()
  expect(woken).toBe(true)
  expect(journal.spare).toBe(true)
  expect((await append(8)).file).toBe(places[0]!.file)
  expect(journal.spare).toBe(false)
  journal.release(Number.MAX_SAFE_INTEGER)
  for (let i = 0; i < 10; i++) {
    await append(8)
    journal.release(journal.place.sequence)
  }
  expect(disk.paths().length).toBe(4)
})

test('files are filled ahead of their use', async () => {
  const { disk, append } = await newJournal()
  await append(1)
  expect(await disk.size('j/00000001.journal')).toBe(8 * BLOCK_BYTES)
  await append(2)
  expect(await disk.size('j/00000002.journal')).toBe(8 * BLOCK_BYTES)
})
