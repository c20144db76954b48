import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GroupLog, LogCopy, LogInstall, LogStorage } from '../../broker/src/log/log-storage.ts'
import { type LogStorageUnderTest, smallOptions } from './log-storage.ts'
import { Acknowledgements, difference, type LogWriter, readAll, type Step } from './log-writer.ts'

/**
 * Transfers the bytes of a copy to an install, in chunks, from the place where the install is. Returns the bytes that
 * were transferred.
 */
export async function transfer(copy: LogCopy, install: LogInstall, chunkBytes = 1000): Promise<number> {
  let carried = 0
  for (const { name, bytes } of copy.files) {
    for (let at = install.have(name); at < bytes; at = install.have(name)) {
      const chunk = await copy.read(name, at, chunkBytes)
      await install.write(name, at, chunk)
      carried += chunk.length
    }
  }
  return carried
}

/** The promises of GroupLog.copy and LogStorage.beginInstall together, for any implementation and disk. */
export function logTransferConformance(make: () => Promise<LogStorageUnderTest>): void {
  let subject: LogStorageUnderTest
  let storage: LogStorage
  let acks: Acknowledgements

  async function open(): Promise<void> {
    storage = await subject.open(smallOptions)
    acks = new Acknowledgements(storage)
  }
  async function reopen(): Promise<void> {
    await storage.close()
    await open()
  }
  const durable = (writer: LogWriter, step: Step) => acks.durable(writer, writer.write(step))
  /** A log of several segments, which has deleted its first one. */
  async function source(id = 1): Promise<LogWriter> {
    const writer = acks.writer(storage.create(id))
    await durable(writer, { vote: { term: 9, votedFor: 3 }, term: 2, control: 'configuration', sizes: [100] })
    for (let i = 0; i < 30; i++) await durable(writer, { term: 2 + Math.floor(i / 12), sizes: [2500, 10] })
    await durable(writer, { control: 'configuration', sizes: [10] })
    await writer.log.seal()
    await writer.log.cutPrefix(writer.log.segmentStarts()[1]!.first)
    expect(writer.log.prevIndex).toBeGreaterThan(0)
    return writer
  }
  async function begin(to: number, copy: LogCopy): Promise<LogInstall> {
    return storage.beginInstall(to, copy.description, copy.files)
  }
  const contentOf = async (log: GroupLog) =>
    (await readAll(log)).map(({ header, batch }) => [header, Buffer.from(batch)])

  beforeEach(async () => {
    subject = await make()
    await open()
  })
  afterEach(async () => {
    await storage.close()
    await subject.dispose()
  })

  test('a copy that is installed is the same log, except for term and vote', async () => {
    const writer = await source()
    const target = acks.writer(storage.create(2))
    await durable(target, { vote: { term: 11, votedFor: 2 }, sizes: [700, 900] })
    const copy = writer.log.copy()
    expect(copy.description).toMatchObject({ prevIndex: writer.log.prevIndex, lastIndex: writer.log.lastIndex })
    const install = await begin(2, copy)
    await transfer(copy, install)
    const log = await install.finish()
    expect(storage.group(2)).toBe(log)
    const expected = { hardState: { term: 11, votedFor: 2 }, entries: writer.now.entries }
    expect(await difference(log, expected)).toBeNull()
    expect(await target.log.readEntries(1, 100)).toEqual({ headers: [], payloads: [] })
    const next = acks.writer(log, expected)
    await durable(next, { term: 12, sizes: [4000, 100] })
    await copy.close()
    await reopen()
    expect(storage.metrics.replayedEntries).toBe(0)
    expect(await difference(storage.group(2)!, next.now)).toBeNull()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('a copy without entries makes a log that begins after them', async () => {
    const writer = await source()
    await writer.log.cutPrefix(writer.log.lastIndex + 1)
    const target = acks.writer(storage.create(2))
    await durable(target, { vote: { term: 4, votedFor: 4 }, sizes: [10] })
    const copy = writer.log.copy()
    expect(copy.files).toEqual([])
    const log = await (await begin(2, copy)).finish()
    const expected = { hardState: { term: 4, votedFor: 4 }, entries: writer.now.entries }
    expect(await difference(log, expected)).toBeNull()
    await reopen()
    expect(await difference(storage.group(2)!, expected)).toBeNull()
  })

  test('a copy up to an entry holds that entry and none after it, at any place in a segment', async () => {
    const writer = await source()
    for (let i = 0; i < 3; i++) await durable(writer, { sizes: [3000, 40] })
    const target = acks.writer(storage.create(2))
    await durable(target, { sizes: [10] })
    let exact = 0
    for (let upTo = writer.log.firstIndex - 1; upTo <= writer.log.lastIndex; upTo++) {
      const copy = writer.log.copy(upTo)
      const { lastIndex, endOffset, lastTerm } = copy.description
      expect(lastIndex).toBeLessThanOrEqual(upTo)
      if (lastIndex === upTo) exact++
      const install = await begin(2, copy)
      await transfer(copy, install, 100_000)
      const log = await install.finish()
      const entries = writer.now.entries.slice(0, lastIndex)
      expect(await difference(log, { hardState: log.hardState, entries })).toBeNull()
      expect(log).toMatchObject({ endOffset })
      expect(lastTerm).toBe(entries[lastIndex - 1]!.header.term)
      await copy.close()
    }
    expect(exact).toBeGreaterThan(3)
  })

  test('later changes of the log do not change a copy', async () => {
    const writer = await source()
    const { firstIndex } = writer.log
    const before = await contentOf(writer.log)
    const copy = writer.log.copy()
    await durable(writer, { sizes: [3000, 3000] })
    // Into the middle of a segment, to the start of one, and to one that is removed as a whole; then the same names
    // again with other entries.
    const [second] = writer.log.segmentStarts().slice(1)
    await durable(writer, { term: 20, truncateFrom: second!.last - 1, sizes: [50] })
    for (let i = 0; i < 14; i++) await durable(writer, { sizes: [4000] })
    await durable(writer, { term: 21, truncateFrom: second!.first, sizes: [60] })
    for (let i = 0; i < 14; i++) await durable(writer, { sizes: [4000] })
    await writer.log.seal()
    await writer.log.cutPrefix(writer.log.lastIndex)
    expect(writer.log.firstIndex).toBeGreaterThan(firstIndex)
    const target = acks.writer(storage.create(2))
    await durable(target, { sizes: [10] })
    const install = await begin(2, copy)
    await transfer(copy, install)
    const log = await install.finish()
    expect(await contentOf(log)).toEqual(before)
    await copy.close()
    await expect(copy.read(copy.files[0]!.name, 0, 10)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await difference(writer.log, writer.now)).toBeNull()
    await reopen()
    expect(await difference(storage.group(1)!, writer.now)).toBeNull()
  })

  test('a broken transfer continues at its place, also after a restart and with a later copy', async () => {
    const writer = await source()
    const target = acks.writer(storage.create(2))
    await durable(target, { vote: { term: 5, votedFor: 1 } })
    const first = writer.log.copy(writer.log.lastIndex - 4)
    const install = await begin(2, first)
    const half = first.files[0]!.bytes + 5000
    let here = 0
    for (const { name, bytes } of first.files) {
      for (let at = 0; at < bytes && here < half; at = install.have(name)) {
        const chunk = await first.read(name, at, 700)
        await install.write(name, at, chunk)
        here += chunk.length
      }
    }
    await first.close()
    await reopen()
    const again = storage.group(1)!
    const later = acks.writer(again, writer.now)
    await durable(later, { sizes: [2000, 3000] })
    await again.seal()
    const copy = again.copy()
    const resumed = await begin(2, copy)
    const carried = await transfer(copy, resumed)
    expect(carried).toBeLessThan(copy.files.reduce((sum, { bytes }) => sum + bytes, 0) - first.files[0]!.bytes)
    const log = await resumed.finish()
    await expect(install.write(first.files[0]!.name, 0, new Uint8Array(1))).rejects.toThrow()
    expect(await difference(log, { hardState: { term: 5, votedFor: 1 }, entries: later.now.entries })).toBeNull()
  })

  test('bytes that changed in transfer are found, and are asked for again', async () => {
    const writer = await source()
    const target = acks.writer(storage.create(2))
    await durable(target, { sizes: [10] })
    const copy = writer.log.copy()
    const install = await begin(2, copy)
    await expect(install.finish()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    const { name, bytes } = copy.files[0]!
    const whole = Uint8Array.from(await copy.read(name, 0, bytes))
    whole[bytes - 1]! ^= 1
    await install.write(name, 0, whole)
    await expect(install.write(name, 0, whole)).rejects.toThrow(RangeError)
    await transfer(copy, install)
    await expect(install.finish()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(install.have(name)).toBeLessThan(bytes)
    expect(await difference(target.log, target.now)).toBeNull()
    await transfer(copy, install)
    const log = await install.finish()
    expect(await difference(log, { hardState: target.now.hardState, entries: writer.now.entries })).toBeNull()
  })

  test('a transfer that is given up leaves the old log and no files; the removal of a group ends its transfer', async () => {
    const writer = await source()
    const target = acks.writer(storage.create(2))
    await durable(target, { sizes: [10] })
    const copy = writer.log.copy()
    const install = await begin(2, copy)
    await install.write(copy.files[0]!.name, 0, await copy.read(copy.files[0]!.name, 0, 500))
    await install.abort()
    await expect(install.finish()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await difference(target.log, target.now)).toBeNull()
    const second = await begin(2, copy)
    expect(second.have(copy.files[0]!.name)).toBe(0)
    await storage.remove(2)
    await expect(transfer(copy, second)).rejects.toMatchObject({ code: 'CLOSED' })
    await storage.remove(1)
    await expect(copy.read(copy.files[0]!.name, 0, 10)).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
  })

  test('a description that contradicts itself is refused, and so is a file that is no segment', async () => {
    const writer = await source()
    storage.create(2)
    const { description, files } = writer.log.copy()
    const refused = { code: 'STORAGE_CORRUPT' }
    for (const change of [{ lastTerm: 77 }, { terms: [] }, { endOffset: 1 }, { prevIndex: 1 }, { lastIndex: 2 }]) {
      await expect(storage.beginInstall(2, { ...description, ...change }, files)).rejects.toMatchObject(refused)
    }
    const strange = [{ name: '../../checkpoint-a', bytes: 10 }]
    await expect(storage.beginInstall(2, description, strange)).rejects.toThrow(RangeError)
    await expect(storage.beginInstall(99, description, files)).rejects.toThrow(RangeError)
  })

  test('a term that is written to the old log while the new one takes its place is kept', async () => {
    const writer = await source()
    const target = acks.writer(storage.create(2))
    await durable(target, { vote: { term: 11, votedFor: 2 }, sizes: [700, 900] })
    const copy = writer.log.copy()
    const install = await begin(2, copy)
    await transfer(copy, install)
    let ended = false
    const finished = install.finish().then((log) => {
      ended = true
      return log
    })
    let term = 11
    while (!ended) {
      const old = storage.group(2) === target.log || term % 2 === 0 ? target.log : storage.group(2)!
      old.write({
        hardState: { term: ++term, votedFor: 1 },
        truncateFrom: null,
        entries: [],
        payloads: [],
        ticket: term,
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const log = await finished
    expect(log.hardState.term).toBe(term)
    await reopen()
    expect(storage.group(2)!.hardState).toEqual({ term, votedFor: 1 })
  })
}
