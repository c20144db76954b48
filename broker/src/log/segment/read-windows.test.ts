import { beforeEach, describe, expect, it } from 'vitest'
import { Acknowledgements, type LogWriter } from '../../../../test/conformance/log-writer.ts'
import type { Disk } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import type { GroupLog, LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'
import { options } from '../testing/small-log.ts'

const BATCHES = 120
const MiB = 1024 * 1024

let disk: MemoryDisk
let storage: LogStorage
let writer: LogWriter
/** Bytes of segments that were asked of the disk. */
let read: number

/** A disk that counts what is read of segments. */
function counted(mounted: Disk): Disk {
  return new Proxy(mounted, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (name !== 'open') return typeof value === 'function' ? value.bind(target) : value
      return async (path: string) => {
        const file = await target.open(path)
        const counting: typeof file.read = async (into, position) => {
          const count = await file.read(into, position)
          if (path.endsWith('.log')) read += count
          return count
        }
        return new Proxy(file, {
          get: (of, key) => {
            if (key === 'read') return counting
            const member = Reflect.get(of, key) as unknown
            return typeof member === 'function' ? member.bind(of) : member
          },
        })
      }
    },
  })
}

const open = () =>
  openLogStorage(
    { disk: counted(disk.mount()), clock: promptClock, crc32c: nodeCrc32c },
    { ...options, segmentBytes: 16 * MiB, journalFileBytes: MiB },
  )

/** A segment of batches of about 30 kB, none of them in memory. */
beforeEach(async () => {
  disk = new MemoryDisk()
  storage = await open()
  writer = new Acknowledgements(storage).writer(storage.create(1))
  for (let at = 0; at < BATCHES; at++) writer.write({ term: 1, sizes: [30_000] })
  await settled()
  await writer.log.seal()
  read = 0
})

const batches = () => writer.now.entries.map(({ batch }) => batch)
const sum = (of: readonly Uint8Array[]) => of.reduce((bytes, { length }) => bytes + length, 0)
const offsetOf = (at: number) => writer.now.entries[at]!.header.baseOffset
const positionOf = (at: number) => sum(batches().slice(0, at))
const pathOf = () => disk.paths().find((name) => name.endsWith('.log'))!

/** From one offset on, as a subscriber that takes so many bytes at a time. */
async function* records(log: GroupLog, from: number, to: number, maxBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < to; ) {
    const run = await log.readRecords(offset, to, maxBytes)
    expect(run.nextOffset).toBeGreaterThan(offset)
    offset = run.nextOffset
    yield* run.batches
  }
}

async function all(of: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const batch of of) found.push(batch)
  return found
}

describe('readers that come back for what follows', () => {
  it.each([1, 100_000, 256 * 1024, 2 * MiB])('%i bytes at a time read each byte once', async (maxBytes) => {
    const found = await all(records(writer.log, 0, offsetOf(100), maxBytes))
    expect(Buffer.compare(Buffer.concat(found), Buffer.concat(batches().slice(0, 100)))).toBe(0)
    // One large read may go beyond the end; the first reads are small.
    expect(read).toBeLessThan(1.05 * sum(found) + MiB)
  })

  it('side by side cost one of them', async () => {
    const readers = Array.from({ length: 5 }, () => records(writer.log, 0, offsetOf(100), 100_000))
    const found = readers.map((): Uint8Array[] => [])
    for (let over = false; !over; ) {
      for (const [at, reader] of readers.entries()) {
        const next = await reader.next()
        over = next.done === true
        if (!next.done) found[at]!.push(next.value)
      }
    }
    for (const one of found) {
      expect(Buffer.compare(Buffer.concat(one), Buffer.concat(batches().slice(0, 100)))).toBe(0)
    }
    expect(read).toBeLessThan(1.05 * sum(found[0]!) + 2 * MiB)
  })

  it('of entries, as followers are, read each byte once', async () => {
    const found: Uint8Array[] = []
    while (found.length < 100) found.push(...(await writer.log.readEntries(found.length + 1, 100_000)).payloads)
    expect(Buffer.compare(Buffer.concat(found), Buffer.concat(batches().slice(0, found.length)))).toBe(0)
    expect(read).toBeLessThan(1.05 * sum(found) + MiB)
  })

  it('find damage that is in memory on the disk no more, once it is repaired there', async () => {
    const place = positionOf(30) + 200
    disk.flip(pathOf(), place, 3)
    const reader = records(writer.log, 0, offsetOf(100), 100_000)
    for (let at = 0; at < 20; at++) await reader.next()
    // The window that is in memory reaches beyond it.
    expect(read).toBeGreaterThan(positionOf(40))
    disk.flip(pathOf(), place, 3)
    const rest = await all(reader)
    expect(Buffer.compare(Buffer.concat(rest), Buffer.concat(batches().slice(20, 100)))).toBe(0)
    expect(writer.log.corruptRanges()).toEqual([])
  })

  it('are refused what is damaged, and get it once it has been replaced', async () => {
    disk.flip(pathOf(), positionOf(30) + 200, 3)
    const reader = records(writer.log, 0, offsetOf(100), 100_000)
    const before: Uint8Array[] = []
    await expect(
      (async () => {
        for await (const batch of reader) before.push(batch)
      })(),
    ).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(before).toHaveLength(30)
    await writer.log.replaceCorrupt(31, 31, [batches()[30]!])
    const rest = await all(records(writer.log, offsetOf(30), offsetOf(100), 100_000))
    expect(Buffer.compare(Buffer.concat(rest), Buffer.concat(batches().slice(30, 100)))).toBe(0)
  })

  it('get what was written behind a cut, not what is in memory from before it', async () => {
    const reader = records(writer.log, 0, offsetOf(BATCHES - 1), 100_000)
    for (let at = 0; at < 20; at++) await reader.next()
    expect(read).toBeGreaterThan(positionOf(40))
    writer.write({ truncateFrom: 26, term: 2, sizes: Array.from({ length: 60 }, () => 20_000) })
    await settled()
    await writer.log.seal()
    const found = await all(records(writer.log, offsetOf(20), offsetOf(60), 100_000))
    expect(Buffer.compare(Buffer.concat(found), Buffer.concat(batches().slice(20, 60)))).toBe(0)
  })
})
