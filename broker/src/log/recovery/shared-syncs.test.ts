import { BatchWriter, EntryKind, placeBatch } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import {
  Acknowledgements,
  difference,
  type LogWriter,
  recoveredSnapshot,
} from '../../../../test/conformance/log-writer.ts'
import type { Disk } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { JournalScan } from '../journal/scan.ts'
import type { GroupLog, LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'
import { hastyClock } from '../testing/small-log.ts'
import { openJournalFiles } from './recover.ts'

/** Segments with room for many large writes: only those that begin a segment are synced before their round. */
const options = {
  folder: 'log',
  journalFileBytes: 64 * 1024,
  segmentBytes: 256 * 1024,
  tailBytes: 1024 * 1024,
  directBytes: 6 * 1024,
  diskReserveBytes: 0,
}
const open = (disk: Disk): Promise<LogStorage> =>
  openLogStorage({ disk, clock: hastyClock, crc32c: nodeCrc32c }, options)

const LARGE = [7_000, 7_000]

interface Story {
  readonly storage: LogStorage
  readonly writers: readonly LogWriter[]
}

/** Two groups whose next large write shares the sync of its round, and one with small writes. */
async function begun(disk: Disk): Promise<Story> {
  const storage = await open(disk)
  const acks = new Acknowledgements(storage)
  const writers = [1, 2, 3].map((id) => acks.writer(storage.create(id)))
  for (const [i, writer] of writers.entries())
    writer.write({ vote: { term: 1, votedFor: 1 }, sizes: i === 2 ? [9] : LARGE })
  await settled()
  return { storage, writers }
}

/** Resolves with what the story has come to, also where the disk has halted in its midst. */
async function told(disk: MemoryDisk, story: (told: Partial<Story>) => Promise<void>): Promise<Partial<Story>> {
  const found: Partial<Story> = {}
  let over = false
  void story(found).then(() => {
    over = true
  })
  for (let turns = 0; !over && turns < 20; turns += disk.halted ? 1 : 0) await settled()
  return found
}

function isDurable(writer: LogWriter): boolean {
  return writer.acknowledged === writer.snapshots.length - 1
}

/** The last block of the journal's rounds that are whole, as a walk over its files finds them. */
async function lastRound(disk: Disk): Promise<number> {
  const files = await openJournalFiles(disk, 'log/journal', options.journalFileBytes)
  const scan = new JournalScan(files, { sequence: 0, epoch: 0, file: '', base: 0 }, nodeCrc32c)
  for await (const _ of scan.rounds());
  return scan.end.nextSequence - 1
}

/** Of group 1. */
function segmentIn(disk: MemoryDisk): string {
  return disk.paths().find((path) => path.includes('groups/1-') && path.endsWith('.log'))!
}

/** Writes and syncs of segments and journal from now on: 'write log', 'sync journal', … */
function traced(disk: MemoryDisk): string[] {
  const trace: string[] = []
  disk.onOperation = (operation, path) => {
    const ending = path.slice(path.lastIndexOf('.') + 1)
    if ((operation === 'write' || operation === 'sync') && ['log', 'journal'].includes(ending))
      trace.push(`${operation} ${ending}`)
  }
  return trace
}

/** Syncs of files with this ending wait until `release` is called. */
function holding(disk: MemoryDisk, ending: string): { disk: Disk; hold(): void; release(): void } {
  const mounted = disk.mount()
  let held = Promise.resolve()
  let release = (): void => {}
  const open: Disk['open'] = async (path) => {
    const file = await mounted.open(path)
    return path.endsWith(ending) ? { ...file, sync: () => held.then(() => file.sync()) } : file
  }
  const hold = (): void => {
    held = new Promise((resolve) => {
      release = resolve
    })
  }
  return { disk: { ...mounted, open }, hold, release: () => release() }
}

const together = ['write log', 'write journal', 'sync log', 'sync journal']
const oneAfterTheOther = ['write log', 'sync log', 'write journal', 'sync journal']

describe('a large write', () => {
  test('is written before its round, and synced together with it', async () => {
    const disk = new MemoryDisk()
    const { writers } = await begun(disk.mount())
    const trace = traced(disk)
    writers[0]!.write({ sizes: LARGE })
    await settled()
    expect(trace).toEqual(together)
    expect(isDurable(writers[0]!)).toBe(true)
  })

  test.each(['.log', '.journal'])('is not durable before the sync of the %s file', async (ending) => {
    const held = holding(new MemoryDisk(), ending)
    const { storage, writers } = await begun(held.disk)
    const durable = storage.durableBlock
    held.hold()
    writers[0]!.write({ sizes: LARGE })
    writers[2]!.write({ sizes: [10] })
    for (let i = 0; i < 5; i++) await settled()
    expect([isDurable(writers[0]!), isDurable(writers[2]!), storage.durableBlock]).toEqual([false, false, durable])
    held.release()
    await settled()
    expect([isDurable(writers[0]!), isDurable(writers[2]!), storage.durableBlock]).toEqual([true, true, durable + 1])
  })

  test.each<[string, (writer: LogWriter) => void]>([
    ['bytes before it are not synced', (writer) => void writer.write({ sizes: [3_000] })],
    ['the segment was cut', (writer) => void writer.write({ term: 2, truncateFrom: 2, sizes: [100] })],
  ])('is synced before its round where %s', async (_, before) => {
    const disk = new MemoryDisk()
    const { writers } = await begun(disk.mount())
    before(writers[0]!)
    await settled()
    const trace = traced(disk)
    for (const order of [oneAfterTheOther, together]) {
      trace.length = 0
      writers[0]!.write({ sizes: LARGE })
      await settled()
      expect(trace.slice(0, 4)).toEqual(order)
    }
  })

  test('is synced before its round where it has a blank page: its absence would not show', async () => {
    const disk = new MemoryDisk()
    const { writers } = await begun(disk.mount())
    const { log } = writers[0]!
    const trace = traced(disk)
    const orders = { 0: oneAfterTheOther, 7: together }
    for (const [i, byte] of ([0, 7] as const).entries()) {
      trace.length = 0
      writeLarge(log, byte, i + 2)
      await settled()
      expect(trace.slice(0, 4)).toEqual(orders[byte])
    }
  })
})

/** A batch of one record, whose value has this byte only. */
function writeLarge(log: GroupLog, byte: number, ticket: number): void {
  const { lastIndex, endOffset: offset } = log
  const writer = new BatchWriter(16_000)
  writer.append({ timestamp: 1, key: null, value: new Uint8Array(14_000).fill(byte) })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  placeBatch(batch, 0, offset, 1)
  const { Records: kind } = EntryKind
  const header = { index: lastIndex + 1, term: 1, kind, baseOffset: offset, lastOffset: offset, bytes: batch.length }
  log.write({ hardState: null, truncateFrom: null, entries: [header], payloads: [batch], ticket })
}

describe('a crash while large writes are synced with their round', () => {
  test('loses nothing that was acknowledged, is no damage, and the log goes on', async () => {
    const beginning = new MemoryDisk()
    await begun(beginning.mount())
    const whole = new MemoryDisk()
    await told(whole, (found) => tell(whole, found))
    const ends = { unwritten: 0, written: 0 }
    for (let halt = beginning.operations; halt <= whole.operations; halt++) {
      for (const seed of [1, 2, 3]) await crashAt(halt, seed, ends)
    }
    // Rounds that were in the journal as a whole, with and without all bytes that they refer to.
    expect(ends.unwritten).toBeGreaterThan(5)
    expect(ends.written).toBeGreaterThan(5)
  })

  async function tell(disk: MemoryDisk, found: Partial<Story>): Promise<void> {
    Object.assign(found, await begun(disk.mount()))
    const [a, b, c] = found.writers!
    for (let i = 0; i < 6 && !disk.halted; i++) {
      a!.write({ sizes: LARGE })
      if (i % 2 === 0) b!.write({ sizes: [6_500 + i, 900] })
      if (i % 3 === 0) c!.write({ vote: { term: 2 + i, votedFor: 2 }, sizes: [20] })
      if (i === 3) a!.write({ term: 9, truncateFrom: a!.log.lastIndex, sizes: LARGE })
      await settled()
    }
  }

  async function crashAt(halt: number, seed: number, ends: Record<'unwritten' | 'written', number>): Promise<void> {
    const random = seededRandom(halt * 10 + seed)
    const below = (bound: number): number => random.below(bound)
    const disk = new MemoryDisk()
    disk.haltAfter(halt)
    const { writers, storage: before } = await told(disk, (found) => tell(disk, found))
    disk.crash(below)
    // A second loss of power, in or right after recovery, finds the same.
    if (seed > 2) {
      disk.haltAfter(random.below(6))
      void open(disk.mount())
      for (let i = 0; i < 5; i++) await settled()
      disk.crash(below)
    }
    const whole = await lastRound(disk)
    const storage = await open(disk.mount())
    if (whole > before!.durableBlock) ends[storage.recoveredBlock < whole ? 'unwritten' : 'written']++
    const acks = new Acknowledgements(storage)
    for (const writer of writers!) {
      const log = storage.group(writer.log.group)!
      expect(log.damage, `halt ${halt}, seed ${seed}`).toBeNull()
      const next = acks.writer(log, await recoveredSnapshot(log, writer))
      await acks.durable(next, next.write({ term: 50, sizes: LARGE }))
      disk.crash(below)
      const again = await open(disk.mount())
      expect(await difference(again.group(writer.log.group)!, next.now)).toBeNull()
      break
    }
  }
})

describe('a large write that was acknowledged and is not as it was written', () => {
  /** After a loss of power; `marked`: the mark beside the journal names the round. */
  async function acknowledged(marked: boolean): Promise<{ disk: MemoryDisk; writer: LogWriter; from: number }> {
    const disk = new MemoryDisk()
    const { writers } = await begun(disk.mount())
    const from = writers[0]!.log.sizeBytes
    writers[0]!.write({ sizes: LARGE })
    await settled()
    expect(isDurable(writers[0]!)).toBe(true)
    disk.crash(() => (marked ? 0 : 1))
    return { disk, writer: writers[0]!, from }
  }

  async function blankPage(disk: MemoryDisk, position: number): Promise<void> {
    const file = await disk.open(segmentIn(disk))
    await file.write([new Uint8Array(4096)], Math.ceil(position / 4096) * 4096)
    await file.sync()
  }

  test('is there as a whole after a loss of power', async () => {
    for (const marked of [true, false]) {
      const { disk, writer } = await acknowledged(marked)
      expect(await difference((await open(disk.mount())).group(1)!, writer.now)).toBeNull()
    }
  })

  test('has rotted where a bit of it is another one, also without a mark and without a later round', async () => {
    for (let at = 0; at < 14_000; at += 1_237) {
      const { disk, from } = await acknowledged(false)
      disk.flip(segmentIn(disk), from + at, at % 8)
      const { damage } = (await open(disk.mount())).group(1)!
      expect(damage, `byte ${at}`).toMatchObject({ fromIndex: at < 7_100 ? 3 : 4 })
    }
  })

  test('is lost where a page of it is blank and the mark names its round', async () => {
    const { disk, from } = await acknowledged(true)
    await blankPage(disk, from)
    expect((await open(disk.mount())).group(1)!.damage).toMatchObject({ fromIndex: 3 })
  })

  test('is lost where a page of it is blank and a later round stands in the journal, whole or torn', async () => {
    for (const sizes of [[20], [5_000]]) {
      const disk = new MemoryDisk()
      const { writers } = await begun(disk.mount())
      const from = writers[0]!.log.sizeBytes
      writers[0]!.write({ sizes: LARGE })
      await settled()
      writers[2]!.write({ sizes })
      await settled()
      disk.crash(() => 1)
      await blankPage(disk, from)
      if (sizes[0] === 5_000) {
        const last = (await lastRound(disk)) - 1
        const file = await disk.open('log/journal/00000001.journal')
        await file.write([new Uint8Array(4096)], last * 4096)
        await file.sync()
      }
      const storage = await open(disk.mount())
      expect(storage.group(1)!.damage).toMatchObject({ fromIndex: 3 })
    }
  })

  test('is missing, and not unwritten, where its file is gone or ends before bytes that were durable already', async () => {
    for (const size of [null, 100]) {
      const { disk } = await acknowledged(false)
      const path = segmentIn(disk)
      if (size === null) await disk.remove(path)
      else await (await disk.open(path)).truncate(size)
      expect((await open(disk.mount())).group(1)!.damage).toMatchObject({ fromIndex: 1 })
    }
  })

  test('is synced by the start that finds it, before anything is written after it', async () => {
    const { disk } = await acknowledged(false)
    const trace = traced(disk)
    await open(disk.mount())
    expect(trace.slice(0, 3)).toEqual(['sync log', 'sync journal', 'write journal'])
  })
})
