import { expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { DiskSpace } from './disk-space.ts'
import { KeptRoom } from './kept-room.ts'

/** A disk with so many free bytes above a reserve of 100, which the file system told a moment ago. */
async function spaceWith(above: number) {
  const disk = new MemoryDisk()
  await disk.makeFolder('log')
  disk.freeBytes = 100 + above
  const owed = { bytes: 0 }
  let looks = 0
  const { free } = disk
  disk.free = (folder) => {
    looks++
    return free.call(disk, folder)
  }
  const clock = new ManualClock()
  const kept = new KeptRoom(disk, 'log', 0)
  kept.held = true
  kept.find = async () => {}
  const space = new DiskSpace(disk, clock, { folder: 'log', reserve: 100, kept, owed: () => owed.bytes })
  await space.open()
  looks = 0
  return { disk, space, owed, looks: () => looks }
}

test('each byte that files grow by counts, and a file that shrinks frees none before the file system says so', async () => {
  const { space } = await spaceWith(3)
  for (const writable of [true, true, true, false]) {
    space.took(0)
    space.took(-1000)
    space.took(1)
    expect(space.writable).toBe(writable)
  }
})

test('the file system is asked once when the count says that the reserve is reached, and its answer counts', async () => {
  const { disk, space, looks } = await spaceWith(10)
  space.took(10)
  expect([space.writable, looks()]).toEqual([true, 0])
  space.took(1)
  expect(space.writable).toBe(false)
  space.took(1)
  await settled()
  expect([space.writable, looks()]).toEqual([true, 1])
  disk.freeBytes = 99
  await space.look()
  expect([space.writable, space.cramped]).toEqual([false, false])
})

test('promised bytes in memory count as written, and half of the reserve is left to entries that leaders send', async () => {
  const { space, owed } = await spaceWith(10)
  const seen = [10, 11, 60, 61].map((bytes) => {
    owed.bytes = bytes
    return [space.writable, space.cramped]
  })
  expect(seen).toEqual([
    [true, false],
    [false, false],
    [false, false],
    [false, true],
  ])
})
