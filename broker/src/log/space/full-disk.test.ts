import { describe, expect, test } from 'vitest'
import { Acknowledgements, type LogWriter } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'
import { options } from '../testing/small-log.ts'

const KEPT = 2 * options.journalFileBytes

interface FullDisk {
  readonly disk: MemoryDisk
  readonly storage: LogStorage
  readonly metadata: LogWriter
  readonly data: LogWriter
  readonly other: LogWriter
  pass(ms: number): Promise<void>
}

/** A storage whose groups have written until nothing became durable any more. */
async function fullDisk(limits: Partial<typeof options> = {}): Promise<FullDisk> {
  const { diskReserveBytes: reserve = 0 } = limits
  const disk = new MemoryDisk()
  disk.freeBytes = 400_000
  const clock = new ManualClock(0)
  const pass = (ms: number): Promise<void> => clock.advance(ms)
  const storage = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, { ...options, ...limits })
  storage.onFailure = (error) => {
    throw error
  }
  const acks = new Acknowledgements(storage)
  const [metadata, data, other] = [1, 2, 3].map((id) => acks.writer(storage.create(id))) as [
    LogWriter,
    LogWriter,
    LogWriter,
  ]
  metadata.log.essential = true
  metadata.write({ sizes: [100] })
  for (let round = 0; round < 200 && (reserve === 0 ? !storage.cramped : storage.writable); round++) {
    data.write({ sizes: [3000] })
    other.write({ sizes: [round % 5 === 0 ? 8000 : 3000] })
    await pass(10)
  }
  return { disk, storage, metadata, data, other, pass }
}

describe('a disk that is full', () => {
  test('still takes metadata, and makes records wait', async () => {
    const { storage, metadata, data, pass } = await fullDisk()
    expect(storage).toMatchObject({ writable: false, cramped: true })
    const held = data.acknowledged
    for (let i = 0; i < 3; i++) {
      metadata.write({ sizes: [200] })
      data.write({ sizes: [2000] })
      await pass(100)
      expect(metadata.acknowledged).toBe(metadata.snapshots.length - 1)
    }
    expect(data.acknowledged).toBeLessThanOrEqual(held + 1)
    await storage.close()
  })

  test('takes metadata although memory is full of records that no segment has room for', async () => {
    const { storage, metadata, data, pass } = await fullDisk({ tailBytes: 5000 })
    for (let i = 0; i < 4; i++) {
      data.write({ sizes: [3000] })
      metadata.write({ sizes: [200] })
      await pass(2000)
      expect(metadata.acknowledged).toBe(metadata.snapshots.length - 1)
    }
    const removal = storage.remove(3)
    for (let second = 0; second < 5; second++) await pass(1000)
    await removal
    expect(storage).toMatchObject({ writable: true, cramped: false })
    expect(data.acknowledged).toBe(data.snapshots.length - 1)
    await storage.close()
  })

  test('takes votes of groups whose records wait', async () => {
    const { storage, pass } = await fullDisk()
    const late = new Acknowledgements(storage).writer(storage.create(9))
    late.write({ vote: { term: 3, votedFor: 1 } })
    late.write({ control: 'term', term: 3 })
    await pass(100)
    expect(late.acknowledged).toBe(2)
  })

  test('is free again when a group is removed: the waiting records become durable', async () => {
    const { disk, storage, data, other, pass } = await fullDisk()
    data.write({ sizes: [2000] })
    await pass(50)
    const removal = storage.remove(3)
    for (let second = 0; second < 5; second++) await pass(1000)
    await removal
    expect(other.log.sizeBytes).toBeGreaterThan(100_000)
    expect(storage).toMatchObject({ writable: true, cramped: false })
    expect(data.acknowledged).toBe(data.snapshots.length - 1)
    // Room is kept for the next time.
    expect(disk.paths()).toContain('log/kept-room')
    expect(await disk.size('log/kept-room')).toBe(KEPT)
    await storage.close()
  })

  test('is free again when starts of logs are cut off', async () => {
    const { storage, data, other, pass } = await fullDisk()
    for (const { log } of [data, other]) {
      const cut = log.cutPrefix(log.lastIndex)
      await pass(200)
      await cut
    }
    for (let second = 0; second < 5; second++) await pass(1000)
    expect(storage).toMatchObject({ writable: true, cramped: false })
    expect(data.acknowledged).toBe(data.snapshots.length - 1)
    await storage.close()
  })

  test('can be closed and opened again, and is free then', async () => {
    const { disk, storage, pass } = await fullDisk()
    const closing = storage.close()
    await pass(1000)
    await closing
    const clock = new ManualClock(0)
    const again = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, options)
    expect(again.cramped).toBe(true)
    const settle = (ms: number) => clock.advance(ms)
    const removal = again.remove(3)
    for (let second = 0; second < 5; second++) await settle(1000)
    await removal
    expect(again).toMatchObject({ writable: true, cramped: false })
  })
})

describe('the reserve', () => {
  test('counts written bytes between two looks at the file system', async () => {
    const { disk, storage } = await fullDisk({ diskReserveBytes: 100_000 })
    expect(storage.writable).toBe(false)
    // All records that were taken fit above the reserve, except the last round.
    expect(disk.freeBytes).toBeGreaterThan(100_000 - 40_000)
    expect(storage.cramped).toBe(false)
  })

  test('half of the reserve is left to entries that leaders send', async () => {
    const { disk, storage, pass } = await fullDisk({ diskReserveBytes: 100_000 })
    disk.freeBytes = 40_000
    await pass(1000)
    expect(storage).toMatchObject({ writable: false, cramped: true })
    disk.freeBytes = 1_000_000
    await pass(1000)
    expect(storage).toMatchObject({ writable: true, cramped: false })
  })
})
