import { placeBatch } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { LogStorage } from '../../log/log-storage.ts'
import { openLogStorage } from '../../log/open.ts'
import { batchOf, recordsOf } from '../../partition/testing/batches.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { CopiedPartition } from './copied-partition.ts'

const sizes = { journalFileBytes: 64 * 1024, segmentBytes: 16 * 1024, tailBytes: 64 * 1024, directBytes: 8 * 1024 }
const options = { ...sizes, folder: 'log', diskReserveBytes: 0 }
const much = 1024 * 1024

async function openOn(disk: MemoryDisk): Promise<{ storage: LogStorage; copy: CopiedPartition }> {
  const deps = { clock: promptClock, crc32c: nodeCrc32c }
  const storage = await openLogStorage({ ...deps, disk: disk.mount() }, options)
  const copy = new CopiedPartition(
    { ...deps, storage },
    storage.group(1) ?? storage.create(1),
    { name: 'flights', id: 'F' },
    0,
  )
  storage.onDurable = (_, ticket) => copy.onDurable(ticket)
  storage.onFailure = () => {}
  return { storage, copy }
}

function committed(base: number, values: string[], term = 1): Uint8Array {
  const batch = batchOf(values)
  placeBatch(batch, 0, base, term)
  return batch
}
/** All from `offset` on: one fetch may end where memory takes over from the segments. */
async function read(copy: CopiedPartition, offset: number): Promise<string[]> {
  const records: string[] = []
  for (let next = offset; ; ) {
    const { batches, nextOffset } = await copy.fetch({ offset: next, maxBytes: much, waitMs: 0 })
    if (batches.length === 0) return records
    records.push(...recordsOf(batches))
    next = nextOffset
  }
}
const ignore = (): void => {}
async function until(met: () => boolean): Promise<void> {
  for (let turns = 0; !met(); turns++) {
    if (turns > 10_000) throw new Error('it does not happen')
    await settled()
  }
}

describe('a copy of a partition', () => {
  it('M88 knows the mean size of its records, once it has any', async () => {
    const { copy } = await openOn(new MemoryDisk())
    expect(copy.recordBytes).toBeNull()
    const [first, second] = [committed(0, ['a', 'b']), committed(2, ['c'])]
    for (const batch of [first, second]) copy.take(batch, ignore)
    await until(() => copy.highWatermark === 3)
    const mean = (first.length + second.length) / 3
    expect(copy.recordBytes! / mean).toBeGreaterThanOrEqual(1)
    expect(copy.recordBytes! / mean).toBeLessThan(2)
  })

  it('M88 shows records that are durable here, and lets the source send as many bytes again only then', async () => {
    const { copy } = await openOn(new MemoryDisk())
    let credit = 0
    const batch = committed(0, ['a', 'b'])
    copy.heard(2)
    copy.take(batch.slice(), (bytes) => (credit += bytes))
    expect([copy.endOffset, copy.highWatermark, credit, copy.lagRecords]).toEqual([2, 0, 0, 2])
    expect(await read(copy, 0)).toEqual([])
    await until(() => copy.highWatermark === 2)
    expect([credit, copy.lagRecords, copy.lagMs()]).toEqual([batch.length, 0, 0])
    copy.take(committed(2, ['c']), ignore)
    expect([copy.endOffset, await read(copy, 0)]).toEqual([3, ['0:a', '1:b']])
    await until(() => copy.highWatermark === 3)
    expect(await read(copy, 2)).toEqual(['2:c'])
    const { batches } = await copy.fetch({ offset: 0, maxBytes: much, waitMs: 0 })
    expect(Buffer.from(batches[0]!)).toEqual(Buffer.from(batch))
  })

  it('M88 goes on after a power failure where its disk ends, without gap or duplicate', async () => {
    const all = Array.from({ length: 40 }, (_, n) => committed(n, [`record ${n}`], 1 + Math.floor(n / 10)))
    for (let seed = 1; seed <= 20; seed++) {
      const disk = new MemoryDisk()
      const random = seededRandom(seed)
      const first = await openOn(disk)
      disk.haltAfter(20 + random.below(60))
      for (const batch of all.slice(0, 25)) {
        if (disk.halted) break
        first.copy.take(batch.slice(), ignore)
        await until(() => disk.halted || first.copy.highWatermark === first.copy.endOffset)
      }
      const shown = first.copy.highWatermark
      disk.crash((bound) => random.below(bound))
      const second = await openOn(disk)
      expect(second.copy.endOffset, `seed ${seed}`).toBeGreaterThanOrEqual(shown)
      // The source sends from the batch that holds the offset asked for; here it begins earlier still.
      for (const batch of all.slice(Math.max(0, second.copy.endOffset - 2))) second.copy.take(batch.slice(), ignore)
      await until(() => second.copy.highWatermark === all.length)
      expect(await read(second.copy, 0)).toEqual(all.map((_, n) => `${n}:record ${n}`))
    }
  })

  it('M88 a gap stops it with an error; records here are still served', async () => {
    const { copy } = await openOn(new MemoryDisk())
    copy.take(committed(0, ['a']), ignore)
    await until(() => copy.highWatermark === 1)
    expect(() => copy.take(committed(2, ['c']), ignore)).toThrow(/a gap: 1 was next/)
    expect(copy.stopped).toMatch(/a gap/)
    let credit = 0
    copy.take(committed(1, ['b']), (bytes) => (credit += bytes))
    expect([copy.endOffset, credit > 0]).toEqual([1, true])
    expect(await read(copy, 0)).toEqual(['0:a'])
  })

  it('M88 begins anew where the source begins by now, also after a restart, and never goes back', async () => {
    const disk = new MemoryDisk()
    const first = await openOn(disk)
    first.copy.take(committed(0, ['a'], 2), ignore)
    await until(() => first.copy.highWatermark === 1)
    await first.copy.beginAt(50)
    first.copy.take(committed(50, ['x'], 4), ignore)
    await until(() => first.copy.highWatermark === 51)
    await expect(first.copy.fetch({ offset: 0, maxBytes: 1, waitMs: 0 })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    })
    await expect(first.copy.beginAt(40)).rejects.toThrow(RangeError)
    await first.storage.close()
    const { copy } = await openOn(disk)
    expect([copy.logStart, copy.highWatermark]).toEqual([50, 51])
    expect(await read(copy, 50)).toEqual(['50:x'])
  })

  it('M88 records that go while they are read are refused, and later ones are not given in their place', async () => {
    const { copy } = await openOn(new MemoryDisk())
    const values = Array.from({ length: 12 }, (_, n) => `${n} `.repeat(4_000))
    for (const [at, value] of values.entries()) copy.take(committed(at, [value]), ignore)
    await until(() => copy.highWatermark === values.length)
    await copy.log.seal()
    const [first] = copy.log.segmentStarts()
    const reading = copy.fetch({ offset: 0, maxBytes: much, waitMs: 0 })
    const cutting = copy.log.cutPrefix(first!.last + 1)
    await expect(reading).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    await cutting
    expect((await copy.fetch({ offset: copy.logStart, maxBytes: 1, waitMs: 0 })).batches).toHaveLength(1)
  })

  it('M88 begins anew once at a time: a second log would take the place of records that have come meanwhile', async () => {
    const disk = new MemoryDisk()
    const { storage, copy } = await openOn(disk)
    const begun = await Promise.allSettled([copy.beginAt(50), copy.beginAt(50)])
    expect(begun.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    copy.take(committed(50, ['x']), ignore)
    await until(() => copy.highWatermark === 51)
    await storage.close()
    const again = await openOn(disk)
    expect(await read(again.copy, 50)).toEqual(['50:x'])
  })

  it('M88 an empty copy may begin past 0', async () => {
    const { copy } = await openOn(new MemoryDisk())
    expect(copy.isEmpty).toBe(true)
    await copy.beginAt(7)
    expect(copy.isEmpty).toBe(false)
    copy.take(committed(7, ['x']), ignore)
    await until(() => copy.highWatermark === 8)
    expect(await read(copy, 7)).toEqual(['7:x'])
    expect(await copy.find({ kind: 'EARLIEST', value: 0 })).toBe(7)
    expect(await copy.find({ kind: 'LATEST', value: 0 })).toBe(8)
  })

  it('M88 a log without records begins earlier for a batch that holds its start; what may be read stays', async () => {
    const disk = new MemoryDisk()
    const first = await openOn(disk)
    const { copy } = first
    const batch = committed(5, ['a', 'b', 'c'])
    expect(copy.startsWithin(committed(0, ['a']))).toBe(false)
    await copy.beginAt(7)
    for (const other of [committed(8, ['x']), committed(7, ['x']), committed(3, ['x', 'y'])])
      expect(copy.startsWithin(other)).toBe(false)
    const rotten = batch.slice()
    rotten[rotten.length - 1]! ^= 1
    expect([copy.startsWithin(rotten), copy.startsWithin(batch)]).toEqual([false, true])
    expect(() => copy.startsWithin(batch.subarray(0, 30))).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
    const waiting = copy.fetch({ offset: 7, maxBytes: much, waitMs: 60_000 })
    await copy.beginAt(5)
    expect([copy.log.startOffset, copy.logStart, copy.highWatermark, copy.lagRecords]).toEqual([5, 7, 7, 0])
    copy.take(batch, ignore)
    await until(() => copy.highWatermark === 8)
    expect((await waiting).nextOffset).toBe(8)
    await expect(copy.fetch({ offset: 6, maxBytes: 1, waitMs: 0 })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('Offset 6 is not between 7 and 8'),
    })
    await expect(copy.beginAt(4)).rejects.toThrow(RangeError)
    expect(copy.recordBytes! / (batch.length / 3)).toBeLessThan(2)
    for (const kind of ['EARLIEST', 'TIME'] as const) expect(await copy.find({ kind, value: 0 })).toBe(7)
  })

  it('M88 records that are deleted before they came are not behind, and their readers are refused at once', async () => {
    const { copy } = await openOn(new MemoryDisk())
    copy.take(committed(0, ['a']), ignore)
    await until(() => copy.highWatermark === 1)
    copy.heard(9)
    const waiting = copy.fetch({ offset: 1, maxBytes: 1, waitMs: 60_000 })
    copy.readOnlyFrom(8)
    await expect(waiting).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    copy.readOnlyFrom(3)
    expect([copy.logStart, copy.highWatermark, copy.lagRecords, copy.endOffset]).toEqual([8, 8, 1, 1])
    expect((await copy.fetch({ offset: 8, maxBytes: 1, waitMs: 0 })).batches).toEqual([])
    copy.readOnlyFrom(9)
    expect([copy.complete, copy.lagRecords, copy.lagMs()]).toEqual([true, 0, 0])
  })

  it('M88 readers that wait are told of a deleted topic', async () => {
    const { copy } = await openOn(new MemoryDisk())
    const waiting = copy.fetch({ offset: 0, maxBytes: 1, waitMs: 60_000 })
    copy.remove()
    await expect(waiting).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })
})
