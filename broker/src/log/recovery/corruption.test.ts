import { describe, expect, test } from 'vitest'
import { Acknowledgements, difference, type LogWriter, readAll } from '../../../../test/conformance/log-writer.ts'
import { DiskError } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import type { GroupLog, LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'

const options = {
  folder: 'log',
  journalFileBytes: 64 * 1024,
  segmentBytes: 64 * 1024,
  tailBytes: 16 * 1024,
  directBytes: 12 * 1024,
  diskReserveBytes: 0,
}
const open = (disk: MemoryDisk, chosen = options) =>
  openLogStorage({ disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c }, chosen)

interface Filled {
  readonly disk: MemoryDisk
  readonly writer: LogWriter
  readonly storage: LogStorage
  readonly log: GroupLog
  /** Of its segments. */
  readonly paths: readonly string[]
}

/** A log of three segments, opened again so that nothing of it is in memory. */
async function filled(): Promise<Filled> {
  const disk = new MemoryDisk()
  const first = await open(disk)
  const writer = new Acknowledgements(first).writer(first.create(1))
  writer.write({ term: 1, control: 'configuration' })
  for (let i = 0; i < 44; i++) {
    writer.write({ term: 1 + (i >> 4), sizes: [3000] })
    await settled()
    if (i % 15 === 14) await writer.log.seal()
  }
  await writer.log.seal()
  await first.close()
  const storage = await open(disk)
  const paths = disk
    .paths()
    .filter((path) => path.endsWith('.log'))
    .sort()
  expect(paths.length).toBe(3)
  return { disk, writer, storage, log: storage.group(1)!, paths }
}

const batchesOf = (writer: LogWriter, from: number, to: number) =>
  writer.now.entries.slice(from - 1, to).map(({ batch }) => batch)

/** Replaces all entries that are known to be rotten, as from a peer, until none is. */
async function repair(log: GroupLog, writer: LogWriter): Promise<number> {
  let rounds = 0
  while (log.corruptRanges().length > 0) {
    const { from, to } = log.corruptRanges()[0]!
    await log.replaceCorrupt(from, to, batchesOf(writer, from, to))
    rounds++
    await scrubAll(log)
  }
  return rounds
}

async function scrubAll(log: GroupLog): Promise<number> {
  let steps = 0
  while (!(await log.scrub(5000)).ended) steps++
  return steps
}

describe('a rotten place of a sealed segment', () => {
  test('is noted by the read that finds it and is never served; the entries around it still are', async () => {
    const { disk, writer, log, paths } = await filled()
    disk.flip(paths[1]!, 20_000, 4)
    expect(log.corruptRanges()).toEqual([])
    const served = new Set<number>()
    for (let from = 1; from <= log.lastIndex; ) {
      const run = await (async () => log.readEntries(from, 100_000))().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
        return null
      })
      for (const [i, { index }] of (run?.headers ?? []).entries()) {
        expect(Buffer.compare(run!.payloads[i]!, writer.now.entries[index - 1]!.batch)).toBe(0)
        served.add(index)
      }
      from = run === null ? log.corruptRanges()[0]!.to + 1 : from + run.headers.length
    }
    const [range] = log.corruptRanges()
    const missing = writer.now.entries.map(({ header }) => header.index).filter((index) => !served.has(index))
    expect(missing).toEqual(Array.from({ length: range!.to - range!.from + 1 }, (_, i) => range!.from + i))
    expect(missing.length).toBeLessThan(8)
    const bad = writer.now.entries[range!.from - 1]!.header
    const records = async (offset: number) => log.readRecords(offset, log.endOffset, 100_000)
    await expect(records(bad.baseOffset)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((await records(bad.baseOffset - 1)).nextOffset).toBe(bad.baseOffset)
  })

  test('is found by a scrub at any place, repaired from a peer, and kept aside', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed)
      const { disk, writer, storage, log, paths } = await filled()
      const path = paths[random.below(3)]!
      const position = seed <= 3 ? seed : random.below((await disk.size(path))!)
      disk.flip(path, position, random.below(8))
      if (seed % 4 === 0) await disk.remove(path.replace(/log$/, 'index'))
      expect(await scrubAll(log)).toBeGreaterThan(10)
      expect(log.corruptRanges().length).toBe(1)
      expect(await repair(log, writer)).toBe(1)
      expect(await difference(log, writer.now)).toBeNull()
      expect(disk.paths().filter((name) => name.endsWith('.corrupt'))).toEqual([`${path}.corrupt`])
      expect(disk.paths().filter((name) => name.includes('.repair'))).toEqual([])
      await storage.close()
      expect(await difference((await open(disk)).group(1)!, writer.now)).toBeNull()
    }
  })

  test('is replaced only by the entries that were there', async () => {
    const { disk, writer, log, paths } = await filled()
    disk.flip(paths[0]!, 5000, 1)
    await scrubAll(log)
    const { from, to } = log.corruptRanges()[0]!
    const good = batchesOf(writer, from, to)
    const changed = good.map((batch) => Uint8Array.from(batch))
    changed[0]![changed[0]!.length - 1]! ^= 4
    const refused = { code: 'STORAGE_CORRUPT' }
    await expect(log.replaceCorrupt(from, to, changed)).rejects.toMatchObject(refused)
    await expect(log.replaceCorrupt(from, to, batchesOf(writer, from + 1, to + 1))).rejects.toMatchObject(refused)
    await expect(log.replaceCorrupt(from + 1, to, good.slice(1))).rejects.toThrow(RangeError)
    await expect(log.replaceCorrupt(from, to, good.slice(1))).rejects.toThrow(RangeError)
    await expect(log.replaceCorrupt(1, 1, batchesOf(writer, 1, 1))).rejects.toThrow(RangeError)
    // In two pieces.
    await log.replaceCorrupt(from, from, good.slice(0, 1))
    if (to > from) expect(log.corruptRanges()).toEqual([{ from: from + 1, to }])
    if (to > from) await log.replaceCorrupt(from + 1, to, good.slice(1))
    expect(log.corruptRanges()).toEqual([])
    expect(await difference(log, writer.now)).toBeNull()
  })

  // The CRC of a batch does not cover the term.
  test.each([
    ['lower', 40, 15, 0, 2],
    ['lower by two', 40, 15, 1, 1],
    ['zero', 20, 15, 1, 0],
    ['below zero', 40, 12, 7, 3 - 2 ** 31],
    ['later', 20, 15, 0, 3],
    ['far later', 40, 13, 6, 3 + 2 ** 22],
  ])('in a term, which is then %s, is refused by reads, scrubs and repairs', async (_, index, byte, bit, term) => {
    const { disk, writer, log, paths } = await filled()
    const entries = writer.now.entries
    const first = [1, 17, 32].findLast((start) => start <= index)!
    const position = entries.slice(first - 1, index - 1).reduce((sum, { batch }) => sum + batch.length, 0)
    disk.flip(paths[[1, 17, 32].indexOf(first)]!, position + byte, bit)
    const refused = { code: 'STORAGE_CORRUPT' }
    const { baseOffset } = entries[index - 1]!.header
    const read = async () => log.readEntries(index, 100)
    await expect(read()).rejects.toMatchObject(refused)
    await expect((async () => log.readRecords(baseOffset, log.endOffset, 100))()).rejects.toMatchObject(refused)
    const [range] = log.corruptRanges()
    expect(range!.from).toBe(index)
    const rotten = batchesOf(writer, index, range!.to).map((batch) => batch.slice())
    new DataView(rotten[0]!.buffer).setInt32(12, term)
    await expect(log.replaceCorrupt(index, range!.to, rotten)).rejects.toMatchObject(refused)
    expect(await repair(log, writer)).toBe(1)
    await scrubAll(log)
    expect(log.corruptRanges()).toEqual([])
    expect(await difference(log, writer.now)).toBeNull()
  })

  test('that the disk cannot read is treated alike', async () => {
    const { disk, writer, log, paths } = await filled()
    let failing = true
    disk.onOperation = (operation, path) => {
      if (failing && operation === 'read' && path === paths[1]) throw new DiskError('failed', 'a sector is gone')
    }
    await scrubAll(log)
    expect(log.corruptRanges().length).toBeGreaterThan(0)
    failing = false
    await repair(log, writer)
    expect(await difference(log, writer.now)).toBeNull()
  })

  test('a crash at every operation of a repair leaves the rotten file or the repaired one', async () => {
    let repaired = 0
    for (let halt = 1; halt <= 40; halt++) {
      const { disk, writer, log, paths } = await filled()
      disk.flip(paths[1]!, 20_000, 4)
      await scrubAll(log)
      const { from, to } = log.corruptRanges()[0]!
      disk.haltAfter(halt)
      void log.replaceCorrupt(from, to, batchesOf(writer, from, to))
      for (let turns = 0; turns < 20; turns++) await settled()
      const random = seededRandom(halt)
      disk.crash((bound) => random.below(bound))
      const again = (await open(disk)).group(1)!
      expect(again.damage).toBeNull()
      await scrubAll(again)
      if (again.corruptRanges().length === 0) repaired++
      else expect(again.corruptRanges()).toEqual([{ from, to }])
      await repair(again, writer)
      expect(await difference(again, writer.now)).toBeNull()
    }
    expect(repaired).toBeGreaterThan(10)
    expect(repaired).toBeLessThan(40)
  })
})

describe('at the start', () => {
  test('sealed segments are not read, even if they hold configurations (M73)', async () => {
    const { disk, writer, storage, paths } = await filled()
    await storage.close()
    const read: string[] = []
    disk.onOperation = (operation, path) => {
      if (operation === 'read' && path.endsWith('.log')) read.push(path)
    }
    const again = await open(disk)
    expect(read).toEqual([])
    expect(again.group(1)!.configurations.map(({ index }) => index)).toEqual([1])
    expect(paths.length).toBe(3)
    disk.onOperation = null
    expect(await difference(again.group(1)!, writer.now)).toBeNull()
  })

  test('a segment that is gone, or shorter than it was, is damage of its group and of no other', async () => {
    for (const harm of ['gone', 'short', 'empty', 'all'] as const) {
      const { disk, storage, paths } = await filled()
      const other = new Acknowledgements(storage).writer(storage.create(2))
      other.write({ vote: { term: 2, votedFor: 1 }, sizes: [100] })
      await settled()
      await storage.close()
      if (harm === 'gone') await disk.remove(paths[1]!)
      else if (harm === 'all') await disk.remove('log/groups/1-1')
      else await (await disk.open(paths[1]!)).truncate(harm === 'short' ? 30_000 : 0)
      const again = await open(disk)
      expect(again.group(1)!.damage).not.toBeNull()
      await readAll(again.group(1)!)
      expect(again.group(2)!.damage).toBeNull()
      expect(await difference(again.group(2)!, other.now)).toBeNull()
    }
  })

  test('a rotten entry above the checkpoint, in a segment only, is damage of its group and of no other', async () => {
    let damaged = 0
    for (let seed = 0; seed < 150; seed++) {
      const disk = new MemoryDisk()
      const storage = await open(disk, { ...options, segmentBytes: seed % 3 === 0 ? 64 * 1024 : 16 * 1024 })
      const acks = new Acknowledgements(storage)
      const [writer, other] = [acks.writer(storage.create(1)), acks.writer(storage.create(2))]
      writer.write({ term: 1, vote: { term: 1, votedFor: 1 }, sizes: [100] })
      other.write({ sizes: [100] })
      await settled()
      writer.write({ control: 'configuration', sizes: [9000, 9000, 40] })
      await settled()
      writer.write({ term: 2, sizes: [14_000, 20] })
      await settled()
      if (seed % 4 === 1) writer.write({ term: 3, truncateFrom: writer.log.lastIndex - 1, sizes: [13_000] })
      if (seed % 4 === 2) writer.write({ sizes: [13_000, 13_000] })
      await settled()
      writer.write({ sizes: [700] })
      await settled()
      disk.crash(() => 0)
      const random = seededRandom(seed)
      const paths = disk.paths().filter((name) => name.endsWith('.log'))
      const path = paths[random.below(paths.length)]!
      // Half of them in a batch's header.
      const starts = [0, 177, 270, 9400, 18_500]
      const position = seed % 2 === 0 ? starts[seed % 5]! + random.below(70) : random.below((await disk.size(path))!)
      disk.flip(path, position, random.below(8))
      const again = await open(disk)
      const log = again.group(1)!
      if (log.damage === null) expect(await difference(log, writer.now)).toBeNull()
      else {
        damaged++
        expect(log.damage.fromIndex).toBe(log.lastIndex + 1)
        const entries = writer.now.entries.slice(0, log.lastIndex)
        expect(await difference(log, { hardState: writer.now.hardState, entries })).toBeNull()
      }
      expect(again.group(2)!.damage).toBeNull()
      expect(await difference(again.group(2)!, other.now)).toBeNull()
    }
    expect(damaged).toBeGreaterThan(50)
  })
})

describe('a segment that is split before an entry, since the entries before are rotten and no replica has them any more', () => {
  /** Entry 20 is in the midst of the second segment, and rotten like some after it; others begin at `first`. */
  async function rotten() {
    const filling = await filled()
    const { disk, log, paths } = filling
    disk.flip(paths[1]!, 12_000, 4)
    await scrubAll(log)
    const [range] = log.corruptRanges()
    return { ...filling, range: range! }
  }

  test.each(['in the midst of the range', 'after it'])('%s', async (where) => {
    const { disk, writer, log, storage, range } = await rotten()
    const first = where === 'after it' ? range.to + 1 : Math.min(range.from + 1, range.to)
    await log.splitBefore(first, batchesOf(writer, first, range.to))
    await log.cutPrefix(first)
    expect([log.prevIndex, log.corruptRanges()]).toEqual([first - 1, []])
    await scrubAll(log)
    expect(log.corruptRanges()).toEqual([])
    const entries = await readAll(log)
    expect(entries.map(({ header }) => header)).toEqual(writer.now.entries.slice(first - 1).map(({ header }) => header))
    await storage.close()
    const again = (await open(disk)).group(1)!
    expect([again.damage, again.prevIndex]).toEqual([null, first - 1])
    expect((await readAll(again)).length).toBe(entries.length)
  })

  test('takes only those entries, and only in the midst of a closed segment', async () => {
    const { writer, log, range } = await rotten()
    const first = range.from + 1
    const refused = { code: 'STORAGE_CORRUPT' }
    await expect(log.splitBefore(first, batchesOf(writer, first + 1, range.to + 1))).rejects.toMatchObject(refused)
    await expect(log.splitBefore(first, batchesOf(writer, first, range.to).slice(0, -1))).rejects.toMatchObject(refused)
    await expect(log.splitBefore(1, [])).rejects.toThrow(RangeError)
    await expect(log.splitBefore(log.lastIndex + 1, [])).rejects.toThrow(RangeError)
  })

  test('killed at any moment: later entries are there, or the damage is told', async () => {
    for (let operations = 0; ; operations++) {
      const { disk, writer, log, range } = await rotten()
      const first = range.from + 1
      disk.haltAfter(operations)
      let done = false
      const work = log.splitBefore(first, batchesOf(writer, first, range.to)).then(() => log.cutPrefix(first))
      void work.then(() => (done = true))
      for (let turn = 0; turn < 60; turn++) await settled()
      disk.crash(() => 0)
      const again = (await open(disk)).group(1)!
      await scrubAll(again)
      const wanted = writer.now.entries.slice(again.prevIndex).map(({ header }) => header.index)
      const sound = again.damage === null && again.corruptRanges().length === 0
      if (sound) expect((await readAll(again)).map(({ header }) => header.index)).toEqual(wanted)
      if (again.damage !== null) expect(again.damage.fromIndex).toBe(range.from)
      if (!done) continue
      expect([sound, again.prevIndex]).toEqual([true, first - 1])
      return
    }
  })
})
