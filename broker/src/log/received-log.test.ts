import { expect, test } from 'vitest'
import { transfer } from '../../../test/conformance/log-transfer.ts'
import { Acknowledgements, difference, type LogWriter } from '../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { settled } from '../platform/testing/clock.ts'
import { promptClock } from '../platform/testing/prompt-clock.ts'
import { seededRandom } from '../platform/testing/random.ts'
import type { LogCopy, LogStorage } from './log-storage.ts'
import { openLogStorage } from './open.ts'

const options = {
  folder: 'log',
  journalFileBytes: 32 * 1024,
  segmentBytes: 8 * 1024,
  tailBytes: 16 * 1024,
  directBytes: 6 * 1024,
  diskReserveBytes: 0,
}
const open = (disk: MemoryDisk) =>
  openLogStorage({ disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c }, options)

/** A log of another broker, some segments long, cut off at its start. */
async function peer(): Promise<{ writer: LogWriter; copy: LogCopy }> {
  const storage = await open(new MemoryDisk())
  const acks = new Acknowledgements(storage)
  const writer = acks.writer(storage.create(1))
  await acks.durable(writer, writer.write({ term: 4, control: 'configuration', sizes: [3000] }))
  for (let i = 0; i < 10; i++) await acks.durable(writer, writer.write({ term: 5 + (i >> 2), sizes: [2000, 100] }))
  await writer.log.seal()
  await writer.log.cutPrefix(writer.log.segmentStarts()[1]!.first)
  return { writer, copy: writer.log.copy() }
}

interface Story {
  readonly storage: LogStorage
  readonly target: LogWriter
  begun: boolean
  finished: boolean
}

/** Entries that are told durable, a vote, then the other broker's log in their place; meanwhile another vote. */
async function tell(disk: MemoryDisk, copy: LogCopy, told: (story: Story) => void): Promise<void> {
  const storage = await open(disk)
  const target = new Acknowledgements(storage).writer(storage.create(1))
  const story = { storage, target, begun: false, finished: false }
  told(story)
  target.write({ vote: { term: 7, votedFor: 2 }, sizes: [900, 5000, 3000] })
  await settled()
  target.write({ sizes: [9000] })
  await settled()
  const install = await storage.beginInstall(1, copy.description, copy.files)
  await transfer(copy, install, 1700)
  target.write({ vote: { term: 9, votedFor: 3 } })
  await settled()
  story.begun = true
  await install.finish()
  story.finished = true
}

test('a crash at every operation of the disk leaves the old log or the new one, with the votes of the old', async () => {
  const { writer, copy } = await peer()
  const whole = new MemoryDisk()
  await tell(whole, copy, () => {})
  const seen = { old: 0, new: 0 }
  for (let halt = 1; halt <= whole.operations + 1; halt++) {
    for (const seed of [1, 2, 3]) {
      try {
        seen[await crashAt(halt, seed)]++
      } catch (error) {
        throw new Error(`halt ${halt}, seed ${seed}: ${(error as Error).message}`, { cause: error })
      }
    }
  }
  expect(seen.old).toBeGreaterThan(100)
  expect(seen.new).toBeGreaterThan(5)

  async function crashAt(halt: number, seed: number): Promise<'old' | 'new'> {
    const random = seededRandom(halt * 10 + seed)
    const below = (bound: number) => random.below(bound)
    const disk = new MemoryDisk()
    disk.haltAfter(halt)
    let story: Story | null = null
    void tell(disk, copy, (told) => {
      story = told
    })
    for (let turns = 0; turns < 30; turns++) {
      await settled()
      if (!disk.halted) turns = (story as Story | null)?.finished ? 30 : 0
    }
    disk.crash(below)
    const storage = await open(disk)
    const found = story === null ? 'old' : await judge(storage, story, writer)
    if (found === 'old') await again(storage)
    disk.crash(below)
    const log = (await open(disk)).group(1)
    if (story !== null && log !== undefined && found === 'new') expect(log.prevIndex).toBe(copy.description.prevIndex)
    return found
  }

  /** The transfer can be begun anew, whatever the first attempt has left. */
  async function again(storage: LogStorage): Promise<void> {
    const log = storage.group(1) ?? storage.create(1)
    const install = await storage.beginInstall(1, copy.description, copy.files)
    const carried = await transfer(copy, install, 3000)
    expect(carried).toBeGreaterThanOrEqual(0)
    const { hardState } = log
    expect(await difference(await install.finish(), { hardState, entries: writer.now.entries })).toBeNull()
  }
})

async function judge(
  storage: LogStorage,
  { target, begun, finished }: Story,
  writer: LogWriter,
): Promise<'old' | 'new'> {
  const log = storage.group(1)
  if (log === undefined) {
    expect(target.acknowledged).toBe(0)
    return 'old'
  }
  expect(log.damage).toBeNull()
  if (log.prevIndex > 0) {
    expect(begun).toBe(true)
    const voted = { hardState: { term: 9, votedFor: 3 }, entries: writer.now.entries }
    expect(await difference(log, voted)).toBeNull()
    return 'new'
  }
  expect(finished).toBe(false)
  for (const snapshot of target.snapshots.slice(target.acknowledged)) {
    if ((await difference(log, snapshot)) === null) return 'old'
  }
  throw new Error('the log is neither the old one nor the new one')
}

test('bytes received before a crash are found again, except those that the crash has lost', async () => {
  const { copy, writer } = await peer()
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const target = new Acknowledgements(storage).writer(storage.create(1))
  target.write({ sizes: [10] })
  await settled()
  const install = await storage.beginInstall(1, copy.description, copy.files)
  await transfer(copy, install, 5000)
  // Some pages are lost, lengths and names are not.
  const random = seededRandom(3)
  disk.crash((bound) => (bound === 2 && random.below(8) > 0 ? 0 : bound - 1))
  const again = await open(disk)
  const resumed = await again.beginInstall(1, copy.description, copy.files)
  const here = copy.files.map(({ name }) => resumed.have(name))
  expect(here.some((have, i) => have > 0 && have <= copy.files[i]!.bytes)).toBe(true)
  await transfer(copy, resumed)
  expect(
    await difference(await resumed.finish(), { hardState: { term: 0, votedFor: 0 }, entries: writer.now.entries }),
  ).toBeNull()
  // Neither the old log's files nor anything of the transfer is left.
  const folders = new Set(
    disk
      .paths()
      .map((path) => path.split('/').slice(0, 3).join('/'))
      .filter((path) => path.startsWith('log/groups')),
  )
  expect(folders.size).toBe(1)
  expect(disk.paths().filter((path) => path.endsWith('receiving'))).toEqual([])
})
