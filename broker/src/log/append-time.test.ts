import { describe, expect, test } from 'vitest'
import { Acknowledgements } from '../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { settled } from '../platform/testing/clock.ts'
import { promptClock } from '../platform/testing/prompt-clock.ts'
import type { GroupLog, LogStorage } from './log-storage.ts'
import { openLogStorage } from './open.ts'
import { options } from './testing/small-log.ts'

function openAt(disk: MemoryDisk, time: { now: number }): Promise<LogStorage> {
  const clock = { ...promptClock, now: () => time.now }
  return openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, options)
}

const timesOf = (log: GroupLog): number[] => log.segmentStarts().map(({ appendedAt }) => appendedAt)

/** Two segments, closed, whose last entries were written at 1000 and 2000; records have other timestamps. */
async function written(disk: MemoryDisk, time: { now: number }): Promise<LogStorage> {
  const storage = await openAt(disk, time)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  for (const now of [1000, 2000]) {
    time.now = now
    writer.write({ sizes: [500], timestamp: 77 })
    await settled()
    await writer.log.seal()
  }
  return storage
}

describe('the time of the last append to a segment', () => {
  test('is that of the clock, not of the records, and stays through a restart', async () => {
    const disk = new MemoryDisk()
    const time = { now: 0 }
    const storage = await written(disk, time)
    expect(timesOf(storage.group(1)!)).toEqual([1000, 2000])
    await storage.close()
    time.now = 9000
    const again = await openAt(disk, time)
    expect(timesOf(again.group(1)!)).toEqual([1000, 2000])
  })

  test('is that of the start for entries that only the journal has', async () => {
    const disk = new MemoryDisk()
    const time = { now: 0 }
    await written(disk, time)
    disk.crash(() => 0)
    time.now = 9000
    const log = (await openAt(disk, time)).group(1)!
    await settled()
    await log.seal()
    expect(timesOf(log).every((at) => at === 9000)).toBe(true)
  })

  for (const [given, kept] of [
    [1000, 1000],
    [9e15, 5000],
    [undefined, 5000],
  ] as const) {
    test(`goes with a copy (told as ${given})`, async () => {
      const time = { now: 0 }
      const copy = (await written(new MemoryDisk(), time)).group(1)!.copy()
      time.now = 5000
      const target = await openAt(new MemoryDisk(), time)
      target.create(1)
      const files = copy.files.map(({ name, bytes }) => ({ name, bytes, ...(given && { appendedAt: given }) }))
      expect(copy.files.map(({ appendedAt }) => appendedAt)).toEqual([1000, 2000])
      const install = await target.beginInstall(1, copy.description, files)
      for (const { name, bytes } of files) await install.write(name, 0, await copy.read(name, 0, bytes))
      expect(timesOf(await install.finish())).toEqual([kept, kept])
    })
  }
})
