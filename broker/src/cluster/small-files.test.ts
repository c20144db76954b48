import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { readDurableMark } from '../log/journal/durable-mark.ts'
import { keepFile } from '../log/keep-file.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../log/recovery/checkpoint.ts'
import { readDataFormat, writeDataFormat } from '../log/recovery/data-format.ts'
import { KeptRoom, releaseKeptRoom } from '../log/space/kept-room.ts'
import { DiskError } from '../platform/disk.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { seededRandom } from '../platform/testing/random.ts'
import { checkIdentity, IdentityFile } from './formation/identity-file.ts'
import { LivesFile } from './formation/lives-file.ts'
import { formationOf } from './metadata/formation-record.ts'

const FOLDER = 'data'
const checkpoint: Checkpoint = {
  generation: 2,
  place: { file: 'a', base: 0, sequence: 1, epoch: 1 } as unknown as Checkpoint['place'],
  nextIncarnation: 1,
  groups: [],
}

async function write(disk: MemoryDisk, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(`${FOLDER}/${name}`)
  await file.write([bytes], 0)
  await file.close()
}

async function join(disk: MemoryDisk): Promise<void> {
  const file = new IdentityFile(disk, FOLDER, 1)
  await file.load(seededRandom(1))
  await file.saveFormation(formationOf([{ id: 1, directoryId: file.directoryId, peer: 'b1:7000' }]), 0)
}

type Work = (disk: MemoryDisk) => Promise<unknown>
/** The work of a start or a change with one small file, on a disk where some other work is done. */
const works: [string, Work, Work][] = [
  ['keepFile', (disk) => write(disk, 'a', new Uint8Array(5)), (disk) => keepFile(disk, FOLDER, 'a')],
  ['the first data format', async () => {}, (disk) => writeDataFormat(disk, FOLDER, crc32c)],
  [
    'a data format that stands',
    (disk) => writeDataFormat(disk, FOLDER, crc32c),
    (disk) => writeDataFormat(disk, FOLDER, crc32c),
  ],
  ['readDataFormat', (disk) => writeDataFormat(disk, FOLDER, crc32c), (disk) => readDataFormat(disk, FOLDER, crc32c)],
  ['writeCheckpoint', async () => {}, (disk) => writeCheckpoint(disk, FOLDER, checkpoint, crc32c)],
  [
    'readCheckpoint',
    (disk) => writeCheckpoint(disk, FOLDER, checkpoint, crc32c),
    (disk) => readCheckpoint(disk, FOLDER, crc32c),
  ],
  [
    'readDurableMark',
    (disk) => write(disk, 'durable', new Uint8Array(16)),
    (disk) => readDurableMark(disk, FOLDER, crc32c),
  ],
  ['KeptRoom.keep', async () => {}, (disk) => new KeptRoom(disk, FOLDER, 3_000_000).keep()],
  ['releaseKeptRoom', (disk) => new KeptRoom(disk, FOLDER, 5).keep(), (disk) => releaseKeptRoom(disk, FOLDER)],
  ['a new identity', async () => {}, join],
  ['an identity that stands', join, (disk) => new IdentityFile(disk, FOLDER, 1).load(seededRandom(1))],
  ['checkIdentity', join, (disk) => checkIdentity(disk, FOLDER)],
  ['the first life', async () => {}, (disk) => new LivesFile(disk, FOLDER).begin('a')],
  ['a later life', (disk) => new LivesFile(disk, FOLDER).begin('a'), (disk) => new LivesFile(disk, FOLDER).begin('b')],
  ['a life made good', async () => {}, (disk) => new LivesFile(disk, FOLDER).recordMadeGood('a')],
]

/** Does the work, whose operation number `failing` fails; the operations, and how many files are open afterwards. */
async function tried(before: Work, work: Work, failing: number): Promise<{ operations: number; open: number }> {
  const disk = new MemoryDisk()
  await disk.makeFolder(FOLDER)
  await before(disk)
  let [operations, open] = [0, 0]
  disk.onOperation = (operation) => {
    if (operation === 'close') open--
    if (++operations === failing) throw new DiskError('failed', 'a fault')
    if (operation === 'open') open++
  }
  const done = await work(disk).then(
    () => true,
    (error: unknown) => {
      expect(error).toBeInstanceOf(DiskError)
      return false
    },
  )
  expect(done, `operation ${failing} of ${operations}`).toBe(failing === 0)
  return { operations, open }
}

test.each(works)('%s closes each file once, whichever operation of the disk fails', async (_, before, work) => {
  const { operations, open } = await tried(before, work, 0)
  expect(open).toBe(0)
  expect(operations).toBeGreaterThan(2)
  for (let failing = 1; failing <= operations; failing++) {
    expect((await tried(before, work, failing)).open, `operation ${failing}`).toBe(0)
  }
})
