import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import type { LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'

const options = {
  folder: 'log',
  journalFileBytes: 64 * 1024,
  segmentBytes: 64 * 1024,
  tailBytes: 16 * 1024,
  directBytes: 12 * 1024,
  diskReserveBytes: 0,
}
const forgotten = { fromIndex: 1, reason: 'it may have been here' }
const open = (disk: MemoryDisk): Promise<LogStorage> =>
  openLogStorage({ disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c }, options)

/** Two groups; the journal's only round that mentions the second has rotted, and the broker has been killed. */
async function forgetful(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const told = new Acknowledgements(storage)
  for (const group of [1, 2, 3]) {
    told.writer(storage.create(group)).write({ term: 1, sizes: [100] })
    await settled()
  }
  disk.crash(() => 0)
  // The rounds: opening, group 1, group 2, group 3.
  const path = disk.paths().find((name) => name.endsWith('.journal'))!
  for (let at = 0; at < 100; at++) disk.flip(path, 2 * 4096 + at * 8, 3)
  return disk
}

test('a journal that has lost the only mention of a group says that this may be so', async () => {
  const storage = await open(await forgetful())
  expect(storage.group(1)).toBeDefined()
  expect(storage.group(2)).toBeUndefined()
  expect(storage.mayHaveForgotten).toBe(true)
})

test('a whole journal does not say so, and a new group in it is whole', async () => {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  expect(storage.mayHaveForgotten).toBe(false)
  expect(storage.create(2).damage).toBeNull()
})

test('it continues to say so through checkpoints and restarts, until the groups are created again', async () => {
  const disk = await forgetful()
  // Closing makes a checkpoint, so that the rotten place is not read any more.
  for (let restart = 0; restart < 3; restart++) await (await open(disk)).close()
  const storage = await open(disk)
  expect(storage.mayHaveForgotten).toBe(true)
  storage.nothingForgotten()
  await settled()
  await storage.close()
  expect((await open(disk)).mayHaveForgotten).toBe(false)
})

test('a group that is created damaged is so after a crash as well, before anything else of it is durable', async () => {
  const disk = await forgetful()
  const storage = await open(disk)
  const log = storage.create(2, forgotten)
  new Acknowledgements(storage).writer(log).write({ vote: { term: 9, votedFor: 2 } })
  await settled()
  storage.nothingForgotten()
  await settled()
  disk.crash(() => 0)
  const again = await open(disk)
  expect(again.group(2)?.damage).toEqual(forgotten)
  expect(again.group(2)?.hardState).toEqual({ term: 9, votedFor: 2 })
})

test('a disk that other brokers distrust is distrusted after a crash as well, once the storage has confirmed it', async () => {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  new Acknowledgements(storage).writer(storage.create(1)).write({ term: 1, sizes: [100] })
  await settled()
  expect(await storage.distrust('another broker remembers more')).toBe(true)
  disk.crash(() => 0)
  const again = await open(disk)
  expect(again.group(1)?.damage).not.toBeNull()
  expect(again.mayHaveForgotten).toBe(true)
})
