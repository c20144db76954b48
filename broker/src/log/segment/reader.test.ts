import { beforeEach, describe, expect, it } from 'vitest'
import { Acknowledgements, type LogWriter } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { settled } from '../../platform/testing/clock.ts'
import type { GroupLog } from '../log-storage.ts'
import { open } from '../testing/small-log.ts'

const BATCHES = 12
const refused = { code: 'STORAGE_CORRUPT' }

let disk: MemoryDisk
let log: GroupLog
let entries: LogWriter['now']['entries']
let path: string

/**
 * One sealed segment of twelve batches of about 900 bytes, of the terms 3 and 5; opened again, so that none is in
 * memory.
 */
beforeEach(async () => {
  disk = new MemoryDisk()
  const first = await open(disk)
  const writer = new Acknowledgements(first).writer(first.create(1))
  for (let at = 0; at < BATCHES; at++) writer.write({ term: at < 6 ? 3 : 5, sizes: [800] })
  await settled()
  await writer.log.seal()
  await first.close()
  entries = writer.now.entries
  log = (await open(disk)).group(1)!
  const paths = disk.paths().filter((name) => name.endsWith('.log'))
  expect(paths).toHaveLength(1)
  path = paths[0]!
})

const positionOf = (index: number) => entries.slice(0, index - 1).reduce((sum, { batch }) => sum + batch.length, 0)
const readEntries = async (from: number, maxBytes: number) => log.readEntries(from, maxBytes)
const readRecords = async (offset: number, limit: number, maxBytes: number) => log.readRecords(offset, limit, maxBytes)
const indexes = async (from: number, maxBytes: number) =>
  (await readEntries(from, maxBytes)).headers.map(({ index }) => index)

describe('a read of a segment', () => {
  it('takes whole entries up to the bytes that were asked for, and one at least', async () => {
    const [one, two] = [entries[3]!.batch.length, entries[4]!.batch.length]
    expect(await indexes(4, one + two)).toEqual([4, 5])
    expect(await indexes(4, one + two - 1)).toEqual([4])
    expect(await indexes(4, 1)).toEqual([4])
    expect(await indexes(11, 1e6)).toEqual([11, 12])
    const { payloads } = await readEntries(4, one + two)
    expect(payloads.map((bytes) => Buffer.compare(bytes, entries[3 + payloads.indexOf(bytes)]!.batch))).toEqual([0, 0])
  })

  it('takes records up to a limit, from the batch on that holds the first', async () => {
    const start = entries[3]!.header.baseOffset
    const run = await readRecords(start, entries[5]!.header.baseOffset, 1e6)
    expect(run).toMatchObject({ batches: { length: 2 }, nextOffset: entries[5]!.header.baseOffset })
    const [one, two] = [entries[3]!.batch.length, entries[4]!.batch.length]
    expect((await readRecords(start, 1e6, one + two)).batches).toHaveLength(2)
    expect((await readRecords(start, 1e6, one + two - 1)).batches).toHaveLength(1)
    expect((await readRecords(start, 1e6, 1)).bytes).toBe(one)
    expect(await readRecords(start, start, 1e6)).toEqual({ batches: [], bytes: 0, nextOffset: start })
  })
})

describe('an entry that is not as it was written', () => {
  // The checksum of a batch does not cover its term, whose last byte is the sixteenth of the batch.
  it.each([
    ['lower', 8, 2, 1],
    ['later', 8, 1, 7],
  ])('in its term, which is %s, is refused by every read', async (_, index, bit, term) => {
    disk.flip(path, positionOf(index) + 15, bit)
    expect(5 ^ (1 << bit)).toBe(term)
    await expect(readEntries(index, 100)).rejects.toMatchObject(refused)
    const { baseOffset } = entries[index - 1]!.header
    await expect(readRecords(baseOffset, log.endOffset, 100)).rejects.toMatchObject(refused)
    expect(log.corruptRanges()[0]!.from).toBe(index)
  })

  it.each([
    ['base offset', 7],
    ['content', 300],
  ])('in its %s is refused, and the entries before it are read', async (_, byte) => {
    disk.flip(path, positionOf(5) + byte, 0)
    expect(await indexes(3, 1e6)).toEqual([3, 4])
    const run = await readRecords(entries[2]!.header.baseOffset, log.endOffset, 1e6)
    expect(run.nextOffset).toBe(entries[4]!.header.baseOffset)
    await expect(readEntries(5, 1e6)).rejects.toMatchObject(refused)
  })
})
