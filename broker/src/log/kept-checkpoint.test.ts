import { crc32c } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'

const folder = 'data/log'
const place = { sequence: 0, epoch: 0, file: '', base: 0 }

it('a checkpoint that is read survives a power failure, though the process that wrote it was killed before its sync', async () => {
  const disk = new MemoryDisk()
  await disk.makeFolder(folder)
  await writeCheckpoint(disk, folder, { generation: 1, place, nextIncarnation: 1, groups: [] }, crc32c)
  // What a kill in the middle of the next one leaves: written, neither synced nor known to the folder.
  const whole = new MemoryDisk()
  await whole.makeFolder(folder)
  await writeCheckpoint(whole, folder, { generation: 2, place, nextIncarnation: 7, groups: [] }, crc32c)
  const bytes = new Uint8Array((await whole.size(`${folder}/checkpoint-a`))!)
  await (await whole.open(`${folder}/checkpoint-a`)).read(bytes, 0)
  const file = await disk.open(`${folder}/checkpoint-a`)
  await file.write([bytes], 0)
  await file.close()
  expect((await readCheckpoint(disk, folder, crc32c))?.nextIncarnation).toBe(7)
  // Of what was not synced nothing is left.
  disk.crash(() => 0)
  expect((await readCheckpoint(disk, folder, crc32c))?.nextIncarnation).toBe(7)
})
