import { describe, expect, test } from 'vitest'
import { Acknowledgements } from '../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { settled } from '../platform/testing/clock.ts'
import { promptClock } from '../platform/testing/prompt-clock.ts'
import { openLogStorage } from './open.ts'
import { open, options } from './testing/small-log.ts'

describe('failures of the disk', () => {
  test('a failed sync is told once, and nothing is made durable any more', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const failures: Error[] = []
    storage.onFailure = (error) => failures.push(error)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    writer.write({ sizes: [10] })
    await settled()
    disk.onOperation = (operation, path) => {
      if (operation === 'sync' && path.endsWith('.journal')) throw new Error('the disk is on fire')
    }
    writer.write({ sizes: [20] })
    await settled()
    disk.onOperation = null
    writer.write({ sizes: [30] })
    await settled()
    expect(failures.length).toBe(1)
    expect(writer.acknowledged).toBe(1)
    await storage.close()
  })

  test('a failure while the storage is being opened is told to a listener that comes later', async () => {
    const disk = new MemoryDisk()
    const before = await open(disk)
    const writer = new Acknowledgements(before).writer(before.create(1))
    for (let i = 0; i < 3; i++) {
      writer.write({ sizes: [3000] })
      await settled()
    }
    // As after a crash: the segments get the missing entries from the journal.
    disk.crash(() => 0)
    let failed = false
    disk.onOperation = (operation, path) => {
      if (operation !== 'sync' || !path.endsWith('.log')) return
      failed = true
      throw new Error('the disk is on fire')
    }
    const storage = await open(disk)
    await settled()
    expect(failed).toBe(true)
    const failures: string[] = []
    storage.onFailure = ({ message }) => failures.push(message)
    expect(failures).toEqual(['the disk is on fire'])
  })

  test('the part of the journal that a start has read is synced before anything is written after it', async () => {
    const disk = new MemoryDisk()
    const before = await open(disk)
    new Acknowledgements(before).writer(before.create(1)).write({ sizes: [10] })
    await settled()
    const operations: string[] = []
    disk.onOperation = (operation, path) => {
      if (path.endsWith('.journal') && (operation === 'write' || operation === 'sync')) operations.push(operation)
    }
    await open(disk)
    expect(operations.slice(0, 3)).toEqual(['sync', 'write', 'sync'])
  })

  test('no segment is removed before the journal says that the log begins after it', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    for (let i = 0; i < 20; i++) {
      writer.write({ sizes: [3000] })
      await settled()
    }
    await writer.log.seal()
    const segments = () => disk.paths().filter((path) => path.endsWith('.log'))
    const before = segments()
    expect(before.length).toBeGreaterThan(2)
    disk.onOperation = (operation, path) => {
      if (operation === 'sync' && path.endsWith('.journal')) throw new Error('the disk is on fire')
    }
    await expect(writer.log.cutPrefix(writer.log.lastIndex)).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
      retriable: true,
    })
    disk.onOperation = null
    await settled()
    expect(segments()).toEqual(before)
    await storage.close()
  })

  test('below the reserve the storage is not writable', async () => {
    const disk = new MemoryDisk()
    disk.freeBytes = 1_000_000
    const storage = await openLogStorage(
      { disk, clock: promptClock, crc32c: nodeCrc32c },
      { ...options, diskReserveBytes: 2_000_000 },
    )
    expect(storage.writable).toBe(false)
  })
})
