import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GroupLog, LogStorage, LogStorageOptions } from '../../broker/src/log/log-storage.ts'
import { Acknowledgements, difference, type LogWriter, readAll, type Step } from './log-writer.ts'

export interface LogStorageUnderTest {
  open(options: Omit<LogStorageOptions, 'folder'>): Promise<LogStorage>
  dispose(): Promise<void>
}

/** Small, so that a few writes reach every part: several journal files, segments, evictions, direct writes. */
export const smallOptions = {
  journalFileBytes: 64 * 1024,
  segmentBytes: 32 * 1024,
  tailBytes: 24 * 1024,
  directBytes: 12 * 1024,
  diskReserveBytes: 0,
}

/** The promises of LogStorage in broker/src/log/log-storage.ts, for any implementation and disk. */
export function logStorageConformance(make: () => Promise<LogStorageUnderTest>): void {
  let subject: LogStorageUnderTest
  let storage: LogStorage
  let acks: Acknowledgements
  let failures: Error[]

  async function open(options = smallOptions): Promise<void> {
    storage = await subject.open(options)
    failures = []
    storage.onFailure = (error) => failures.push(error)
    acks = new Acknowledgements(storage)
  }
  async function reopen(): Promise<void> {
    await storage.close()
    await open()
  }
  const durable = (writer: LogWriter, step: Step) => acks.durable(writer, writer.write(step))
  /** So many bytes that entries written before have left the tail. */
  async function evict(writer: LogWriter): Promise<void> {
    for (let i = 0; i < 12; i++) await durable(writer, { sizes: [4000] })
  }

  beforeEach(async () => {
    subject = await make()
    await open()
  })
  afterEach(async () => {
    await storage.close()
    expect(failures).toEqual([])
    await subject.dispose()
  })

  test('an empty log has nothing, before its first index', async () => {
    const log = storage.create(7)
    expect(log).toMatchObject({
      firstIndex: 1,
      lastIndex: 0,
      startOffset: 0,
      endOffset: 0,
      prevIndex: 0,
      prevTerm: 0,
      terms: [],
      damage: null,
    })
    expect(log.hardState).toEqual({ term: 0, votedFor: 0 })
    expect(await log.readEntries(1, 1000)).toEqual({ headers: [], payloads: [] })
    expect(await log.readRecords(0, 10, 1000)).toEqual({ batches: [], bytes: 0, nextOffset: 0 })
    expect(await log.offsetForTime(0, 10)).toBeNull()
  })

  test('entries can be read as soon as they are written, and each ticket is told when it is durable', async () => {
    const writer = acks.writer(storage.create(1))
    const ticket = writer.write({ vote: { term: 3, votedFor: 2 }, term: 3, control: 'term', sizes: [10, 20] })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await acks.durable(writer, ticket)
    expect(writer.acknowledged).toBe(writer.snapshots.length - 1)
  })

  test('a write without content is told as well, after those before it', async () => {
    const writer = acks.writer(storage.create(1))
    writer.write({ sizes: [10] })
    await durable(writer, {})
    expect(writer.acknowledged).toBe(1)
  })

  test('writes of many groups that come together share a round', async () => {
    const writers = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => acks.writer(storage.create(id)))
    const before = storage.metrics.rounds
    await Promise.all(writers.map((writer) => durable(writer, { sizes: [100] })))
    expect(storage.metrics.rounds - before).toBe(1)
  })

  test('everything is there after closing and opening, and nothing need be replayed', async () => {
    const writer = acks.writer(storage.create(5))
    writer.write({ vote: { term: 2, votedFor: 9 }, term: 2, control: 'term', sizes: [100, 200] })
    writer.write({ control: 'configuration', sizes: [300] })
    writer.write({ control: 'fence', sizes: [300] })
    writer.write({ control: 'deletion', sizes: [300] })
    await evict(writer)
    await durable(writer, { vote: { term: 4, votedFor: 0 }, term: 4, sizes: [50] })
    await reopen()
    expect(storage.metrics.replayedEntries).toBe(0)
    expect([...storage.groups()].map((log) => log.group)).toEqual([5])
    expect(await difference(storage.group(5)!, writer.now)).toBeNull()
  })

  test('a log continues after it was opened again', async () => {
    const first = acks.writer(storage.create(5))
    await durable(first, { sizes: [100] })
    await reopen()
    const second = acks.writer(storage.group(5)!, first.now)
    await durable(second, { term: 2, sizes: [100, 5000] })
    await reopen()
    expect(await difference(storage.group(5)!, second.now)).toBeNull()
  })

  test('reads give at least one entry, and no more bytes than asked for', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { sizes: [1000, 1000, 1000, 1000] })
    const inMemory = async (log: GroupLog) => {
      expect((await log.readEntries(2, 1)).headers.map((header) => header.index)).toEqual([2])
      expect((await log.readEntries(2, 2500)).headers.map((header) => header.index)).toEqual([2, 3])
      expect((await log.readEntries(5, 2500)).headers).toEqual([])
    }
    await inMemory(writer.log)
    await evict(writer)
    expect((await writer.log.readEntries(2, 2500)).headers.map((header) => header.index)).toEqual([2, 3])
    expect((await writer.log.readEntries(2, 1)).headers.map((header) => header.index)).toEqual([2])
  })

  test('records: whole batches from the one that holds the offset, below the limit, without control entries', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { control: 'term', sizes: [100, 100] })
    await durable(writer, { control: 'configuration', sizes: [100, 100] })
    const data = writer.now.entries.filter((entry) => entry.header.kind === 0)
    const check = async () => {
      const log = writer.log
      const end = data[3]!.header.lastOffset + 1
      const all = await log.readRecords(0, end, 1e6)
      expect(all.batches.map((batch) => Buffer.from(batch))).toEqual(data.map((entry) => Buffer.from(entry.batch)))
      expect(all).toMatchObject({ nextOffset: end, bytes: all.batches.reduce((sum, batch) => sum + batch.length, 0) })
      const inside = await log.readRecords(data[1]!.header.lastOffset, end, 1)
      expect(Buffer.from(inside.batches[0]!)).toEqual(Buffer.from(data[1]!.batch))
      expect(inside).toMatchObject({ nextOffset: data[1]!.header.lastOffset + 1 })
      expect((await log.readRecords(0, end - 1, 1e6)).batches.length).toBe(3)
      expect(await log.readRecords(0, data[0]!.header.lastOffset, 1e6)).toEqual({
        batches: [],
        bytes: 0,
        nextOffset: 0,
      })
    }
    await check()
    await evict(writer)
    await check()
  })

  test('every offset finds its batch, in memory and in segments', async () => {
    const writer = acks.writer(storage.create(1))
    for (let i = 0; i < 60; i++)
      await durable(writer, { control: i % 7 === 0 ? 'term' : undefined, sizes: [500 + (i % 5) * 300] } as Step)
    for (const { header, batch } of writer.now.entries) {
      for (let offset = header.baseOffset; offset <= header.lastOffset; offset++) {
        const run = await writer.log.readRecords(offset, writer.log.endOffset, 1)
        expect(run.nextOffset).toBe(header.lastOffset + 1)
        expect(Buffer.compare(run.batches[0]!, batch)).toBe(0)
      }
    }
  })

  test('a time finds the first batch with a record as young, precise to the batch', async () => {
    const writer = acks.writer(storage.create(1))
    const at: number[] = []
    for (let i = 0; i < 40; i++) {
      at.push(writer.log.endOffset)
      // Not in order: the answer is the first one in the log.
      await durable(writer, { sizes: [1000], timestamp: 10_000 + (i ^ 1) * 10 })
    }
    const { log } = writer
    const limit = log.endOffset
    expect(await log.offsetForTime(0, limit)).toBe(0)
    expect(await log.offsetForTime(10_010, limit)).toBe(at[0])
    expect(await log.offsetForTime(10_011, limit)).toBe(at[2])
    expect(await log.offsetForTime(10_385, limit)).toBe(at[38])
    expect(await log.offsetForTime(10_391, limit)).toBeNull()
    expect(await log.offsetForTime(10_385, at[38]!)).toBeNull()
  })

  test('truncated entries are gone at once, others take their places, and they never come back', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { term: 1, sizes: [100, 100, 100, 100] })
    writer.write({ term: 2, truncateFrom: 3, control: 'term', sizes: [70] })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await durable(writer, { truncateFrom: 4 })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('a truncation reaches far into segments', async () => {
    const writer = acks.writer(storage.create(1))
    for (let i = 0; i < 30; i++) await durable(writer, { sizes: [2000, 2000] })
    writer.write({ term: 5, truncateFrom: 4, sizes: [900] })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await evict(writer)
    expect(await difference(writer.log, writer.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('a truncation without entries needs an offset that memory has', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { term: 1, sizes: [100, 100] })
    await evict(writer)
    expect(() => writer.log.write({ hardState: null, truncateFrom: 2, entries: [], payloads: [], ticket: 99 })).toThrow(
      RangeError,
    )
  })

  test('entries that do not follow the log are refused', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { sizes: [100] })
    const [entry] = writer.now.entries
    const write = { hardState: null, truncateFrom: null, payloads: [entry!.batch], ticket: 9 }
    expect(() => writer.log.write({ ...write, entries: [entry!.header] })).toThrow(RangeError)
    expect(writer.log.lastIndex).toBe(1)
  })

  test('a prefix is cut off in whole sealed segments: at once for readers, and permanently', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { term: 1, control: 'configuration', sizes: [3000, 3000] })
    await durable(writer, { term: 3, control: 'configuration' })
    for (let i = 0; i < 30; i++) await durable(writer, { sizes: [3000] })
    await durable(writer, { term: 4, control: 'configuration', sizes: [10] })
    await writer.log.seal()
    const starts = writer.log.segmentStarts()
    expect(starts.length).toBeGreaterThan(2)
    const [first, second, third] = starts
    await writer.log.cutPrefix(second!.first)
    expect(writer.log).toMatchObject({ prevIndex: first!.last, prevTerm: 3, startOffset: second!.baseOffset })
    expect(writer.log.configurations.map(({ index }) => index)).toEqual([4, writer.log.lastIndex - 1])
    expect(await writer.log.readEntries(first!.last, 1000)).toEqual({ headers: [], payloads: [] })
    expect((await writer.log.readRecords(0, writer.log.endOffset, 1)).nextOffset).toBeGreaterThan(second!.baseOffset)
    expect(await difference(writer.log, writer.now)).toBeNull()
    // Below the end of the next segment: nothing more to cut.
    await writer.log.cutPrefix(second!.last)
    expect(writer.log.prevIndex).toBe(first!.last)
    const cut = writer.log.cutPrefix(third!.first)
    expect(writer.log.firstIndex).toBe(third!.first)
    await cut
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
    expect(storage.group(1)!.firstIndex).toBe(third!.first)
  })

  test('a group begins another segment at a size of its own while it has one', async () => {
    const writer = acks.writer(storage.create(1))
    writer.log.limitSegments(8000)
    for (let i = 0; i < 12; i++) await durable(writer, { sizes: [3000] })
    await writer.log.seal()
    const small = writer.log.segmentStarts().length
    expect(small).toBeGreaterThanOrEqual(4)
    writer.log.limitSegments(null)
    for (let i = 0; i < 9; i++) await durable(writer, { sizes: [3000] })
    await writer.log.seal()
    expect(writer.log.segmentStarts().length).toBe(small + 1)
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('a log that was cut off to its end continues, also in the term of its last entry', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { term: 2, control: 'configuration', sizes: [100, 100] })
    await writer.log.seal()
    await writer.log.cutPrefix(writer.log.lastIndex + 1)
    expect(writer.log).toMatchObject({ prevIndex: 3, lastIndex: 3, terms: [], sizeBytes: 0 })
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
    const second = acks.writer(storage.group(1)!, writer.now)
    await durable(second, { sizes: [100] })
    expect(second.log.terms).toEqual([{ term: 2, index: 4, offset: second.log.startOffset }])
    expect(await difference(second.log, second.now)).toBeNull()
    await durable(second, { term: 3, truncateFrom: 4, sizes: [5000, 9000, 9000] })
    expect(await difference(second.log, second.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, second.now)).toBeNull()
  })

  test('configurations are discarded with the entries of a truncation, and one in a large write is kept as well', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { term: 1, control: 'configuration', sizes: [10] })
    await durable(writer, { term: 1, control: 'configuration', sizes: [20_000, 20_000] })
    expect(writer.log.configurations.map(({ index }) => index)).toEqual([1, 3])
    await reopen()
    expect(storage.group(1)!.configurations.map(({ index }) => index)).toEqual([1, 3])
    const second = acks.writer(storage.group(1)!, writer.now)
    await durable(second, { term: 2, truncateFrom: 3, sizes: [10] })
    expect(second.log.configurations.map(({ index }) => index)).toEqual([1])
    await reopen()
    expect(await difference(storage.group(1)!, second.now)).toBeNull()
  })

  test('a removed group is gone, and one of the same number begins empty', async () => {
    const old = acks.writer(storage.create(1))
    await durable(old, { vote: { term: 8, votedFor: 1 }, sizes: [5000, 5000, 5000] })
    old.write({ sizes: [5000] })
    const removed = storage.remove(1)
    expect(storage.group(1)).toBeUndefined()
    expect(() => old.write({ sizes: [1] })).toThrow()
    const fresh = acks.writer(storage.create(1))
    await durable(fresh, { sizes: [10] })
    await removed
    expect(await difference(fresh.log, fresh.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, fresh.now)).toBeNull()
    await storage.remove(1)
    await reopen()
    expect([...storage.groups()]).toEqual([])
  })

  test('term and vote of a group outlive every journal file they were written to', async () => {
    const quiet = acks.writer(storage.create(1))
    await durable(quiet, { vote: { term: 6, votedFor: 3 } })
    const busy = acks.writer(storage.create(2))
    for (let i = 0; i < 120; i++) await durable(busy, { sizes: [4000] })
    expect(storage.metrics.journalBytes).toBeGreaterThan(6 * smallOptions.journalFileBytes)
    await reopen()
    expect(await difference(storage.group(1)!, quiet.now)).toBeNull()
    expect(await difference(storage.group(2)!, busy.now)).toBeNull()
  })

  test('large writes go to the segment once, and the journal keeps a reference', async () => {
    const writer = acks.writer(storage.create(1))
    await durable(writer, { sizes: [100] })
    const before = storage.metrics.journalBytes
    await durable(writer, { sizes: [8000, 8000, 100_000] })
    expect(storage.metrics.journalBytes - before).toBeLessThan(1000)
    await durable(writer, { sizes: [100] })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('reads that go on while the log is written, truncated and removed see the log as it was at some moment', async () => {
    const writer = acks.writer(storage.create(1))
    let reading = true
    let reads = 0
    const reader = (async () => {
      while (reading) {
        const first = 1 + (reads++ % 20)
        const { headers, payloads } = await writer.log.readEntries(first, 3000)
        if (headers.length > 0) expect(headers[0]!.index).toBe(first)
        for (const [i, header] of headers.entries()) expect(payloads[i]!.length).toBe(header.bytes)
        await writer.log.readRecords(reads % 40, writer.log.endOffset, 3000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let i = 0; i < 40; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      const truncateFrom = i % 8 === 7 ? 3 + i : undefined
      await durable(writer, { ...(truncateFrom === undefined ? {} : { truncateFrom, term: i }), sizes: [1500, 1500] })
    }
    await storage.remove(1)
    expect(await readAll(writer.log).catch(() => [])).toEqual([])
    reading = false
    await reader
    expect(reads).toBeGreaterThan(20)
  })

  test('after closing, writes are refused', async () => {
    const writer = acks.writer(storage.create(1))
    await storage.close()
    expect(() => writer.write({ sizes: [1] })).toThrow(/shutting down/)
  })
}
