import { placeBatch } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { openLogStorage } from '../../log/open.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { batchOf } from '../../partition/testing/batches.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { Copies } from './copies.ts'

const sizes = { journalFileBytes: 64 * 1024, segmentBytes: 16 * 1024, tailBytes: 64 * 1024, directBytes: 8 * 1024 }
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const topic = (name: string, id: string, partitions = 1) => ({ name, id, partitions, replicas: 3, config: {} })

function committed(value: string): Uint8Array {
  const batch = batchOf([value])
  placeBatch(batch, 0, 0, 1)
  return batch
}

async function opened(disk = new MemoryDisk(), store = new MemoryStore()) {
  const clock = new ManualClock()
  const deps = { clock, crc32c: nodeCrc32c }
  const opening = openLogStorage({ ...deps, disk: disk.mount() }, { ...sizes, folder: 'log', diskReserveBytes: 0 })
  const storage = await during(clock, opening)
  storage.onFailure = () => {}
  const copies = new Copies({ ...deps, storage, store, logger: silent })
  await during(clock, copies.load())
  return { clock, storage, copies, disk, store }
}

async function during<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let over = false
  const done = work.finally(() => (over = true))
  done.catch(() => {})
  while (!over) await clock.advance(1)
  return done
}

describe('the copies of a cascade broker', () => {
  it('M88 a topic that is not listed for a moment is kept, one that stays away is removed with its records', async () => {
    const { clock, copies, storage } = await opened()
    await during(clock, copies.update([topic('a', 'A', 2), topic('b', 'B')], 0))
    expect([...storage.groups()].map(({ group }) => group)).toEqual([1, 2, 3])
    await during(clock, copies.update([topic('a', 'A', 2)], 0))
    await clock.advance(9_000)
    await during(clock, copies.forgetMissing(['A'], 0))
    expect(copies.topic('b')?.groups).toEqual([3])
    await clock.advance(1_500)
    await during(clock, copies.forgetMissing(['A'], 0))
    expect(copies.topic('b')).toBeUndefined()
    expect(() => copies.partition('b', 0)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC' }))
    expect([...storage.groups()].map(({ group }) => group)).toEqual([1, 2])
  })

  it('M88 a topic that a source lacks which is behind is kept, however long it is behind', async () => {
    const { clock, copies } = await opened()
    await during(clock, copies.update([topic('a', 'A'), topic('b', 'B')], 8))
    for (const version of [6, 7, 8]) {
      await during(clock, copies.update([topic('a', 'A')], version))
      await clock.advance(11_000)
      await during(clock, copies.forgetMissing(['A'], version))
    }
    expect(copies.topic('b')?.id).toBe('B')
    await during(clock, copies.forgetMissing(['A'], 9))
    expect(copies.topic('b')).toBeUndefined()
  })

  it('M88 a topic is found under its newest name alone, and listed once', async () => {
    const { clock, copies } = await opened()
    await during(clock, copies.update([topic('a', 'A')], 1))
    await during(clock, copies.update([topic('b', 'A')], 2))
    expect(copies.topics().map(({ name, id }) => [name, id])).toEqual([['b', 'A']])
    expect(copies.topic('a')).toBeUndefined()
  })

  it('M88 a topic made again under its old name is another one, with a log of its own', async () => {
    const { clock, copies } = await opened()
    await during(clock, copies.update([topic('a', 'old')], 0))
    await during(clock, copies.update([topic('a', 'new')], 0))
    expect(copies.partition('a', 0).group).toBe(2)
    await clock.advance(11_000)
    await during(clock, copies.forgetMissing(['new'], 0))
    expect(copies.partition('a', 0).group).toBe(2)
  })

  it('M88 a topic that a list of a later version lacks is deleted at once; a list that may be older deletes none', async () => {
    const { clock, copies, storage, disk, store } = await opened()
    await during(clock, copies.update([topic('a', 'A'), topic('b', 'B')], 7))
    await during(clock, copies.update([topic('a', 'A')], 7))
    await during(clock, copies.update([topic('a', 'A')], 5))
    expect(copies.topic('b')?.id).toBe('B')
    await during(clock, copies.forgetMissing(['A'], 8))
    expect([copies.topic('b'), copies.version]).toEqual([undefined, 8])
    expect([...storage.groups()].map(({ group }) => group)).toEqual([1])
    await during(clock, storage.close())
    const again = await opened(disk, store)
    await during(again.clock, again.copies.update([topic('c', 'C')], 6))
    expect(again.copies.topic('a')?.id, 'the first source after a restart is behind').toBe('A')
    await during(again.clock, again.copies.update([topic('a', 'A2')], 9))
    expect(again.copies.topic('a')?.id).toBe('A2')
    expect(() => again.copies.partition('a', 0, 'A')).toThrow(expect.objectContaining({ code: 'TOPIC_ID_MISMATCH' }))
  })

  it('M88 partitions that are added get logs; a restart finds all under their names', async () => {
    const { clock, copies, storage, disk, store } = await opened()
    await during(clock, copies.update([topic('a', 'A', 1)], 0))
    await during(clock, copies.update([topic('a', 'A', 3)], 0))
    const copy = copies.partition('a', 2)
    copy.take(committed('x'), () => {})
    while (copy.highWatermark < 1) await clock.advance(1)
    await during(clock, storage.close())
    const again = await opened(disk, store)
    expect(again.copies.partition('a', 2)).toMatchObject({ group: copy.group, highWatermark: 1 })
    await during(again.clock, again.copies.update([topic('b', 'B')], 0))
    expect(again.copies.topic('b')?.groups).toEqual([4])
  })

  it('M88 records whose topic was forgotten in a crash are removed at the next start', async () => {
    const { clock, copies, storage, disk, store } = await opened()
    await during(clock, copies.update([topic('a', 'A')], 0))
    const copy = copies.partition('a', 0)
    copy.take(committed('x'), () => {})
    while (copy.highWatermark < 1) await clock.advance(1)
    await store.write([['cascade/topic/A', null]])
    await during(clock, storage.close())
    const again = await opened(disk, store)
    expect([...again.storage.groups()]).toEqual([])
  })
})
