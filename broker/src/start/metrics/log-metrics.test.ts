import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../../test/conformance/log-writer.ts'
import { logMetrics } from '../../log/log-metrics.ts'
import type { GroupLog, LogStorage } from '../../log/log-storage.ts'
import { openLogStorage } from '../../log/open.ts'
import { journalOnly, open, options } from '../../log/testing/small-log.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { register } from './metrics-registry.ts'

/** The value of a series on the page of a storage. */
async function shown(storage: LogStorage): Promise<(series: string) => number> {
  const registry = new Registry()
  register(registry, logMetrics, storage)
  return valuesOf(registry)
}

async function valuesOf(registry: Registry): Promise<(series: string) => number> {
  const lines = (await registry.metrics()).split('\n')
  return (series) => {
    const line = lines.find((text) => text.startsWith(`tailrace_log_${series} `))
    return Number(line?.split(' ').at(-1)?.replace('+Inf', 'Infinity'))
  }
}

test('each round is observed once: the time of its fdatasync, and its bytes', async () => {
  const storage = await open(new MemoryDisk())
  const registry = new Registry()
  register(registry, logMetrics, storage)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  for (const size of [100, 3000]) {
    writer.write({ sizes: [size] })
    await settled()
  }
  const value = await valuesOf(registry)
  expect([value('sync_duration_seconds_count'), value('round_bytes_count')]).toEqual([2, 2])
  expect(value('round_bytes_sum')).toBeGreaterThan(3100)
  expect(value('round_bytes_bucket{le="1024"}')).toBe(1)
  expect(value('round_bytes_bucket{le="4096"}')).toBe(2)
  await storage.close()
})

test('each segment that is made durable is observed', async () => {
  const storage = await open(new MemoryDisk())
  const registry = new Registry()
  register(registry, logMetrics, storage)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  const value = async () => (await valuesOf(registry))('segment_sync_duration_seconds_count')
  expect(await value()).toBe(0)
  const before = storage.metrics.syncs
  writer.write({ sizes: [100] })
  await settled()
  await writer.log.seal()
  await storage.close()
  expect(await value()).toBeGreaterThan(0)
  expect(await value()).toBeLessThan(storage.metrics.syncs - before)
})

test('the files and the memory of the log are counted', async () => {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  for (let i = 0; i < 15; i++) {
    writer.write({ sizes: [3000] })
    await settled()
  }
  await writer.log.seal()
  const value = await shown(storage)
  const ending = (end: string): string[] => disk.paths().filter((path) => path.endsWith(end))
  expect([value('journal_files'), value('segments')]).toEqual([ending('.journal').length, ending('.log').length])
  const sizes = await Promise.all(ending('.log').map((path) => disk.size(path)))
  const segmentBytes = sizes.reduce<number>((sum, size) => sum + size!, 0)
  expect(segmentBytes).toBeGreaterThan(30_000)
  expect(value('disk_used_bytes')).toBe(value('journal_files') * options.journalFileBytes + segmentBytes)
  expect(value('journal_memory_bytes')).toBe(64 * 1024)
  expect(value('segment_memory_bytes')).toBeGreaterThan(0)
  await storage.close()
})

test('the time until the reserve is reached follows from what the disk has lost lately', async () => {
  const disk = new MemoryDisk()
  const clock = new ManualClock()
  disk.freeBytes = 10_000_000
  const chosen = { ...options, diskReserveBytes: 1_000_000 }
  const storage = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, chosen)
  await clock.advance(60_000)
  const before = await shown(storage)
  expect([before('disk_time_left_seconds'), before('disk_reserve_bytes')]).toEqual([Infinity, 1_000_000])
  const began = disk.freeBytes
  // Another program fills the disk: 10,000 bytes a second.
  for (let second = 0; second < 600; second += 1) {
    disk.freeBytes -= 10_000
    await clock.advance(1000)
  }
  const after = await shown(storage)
  expect(after('disk_free_bytes')).toBe(began - 6_000_000)
  expect(after('disk_time_left_seconds')).toBeCloseTo((began - 7_000_000) / 10_000, 0)
  disk.freeBytes = 0
  await clock.advance(5000)
  expect((await shown(storage))('disk_time_left_seconds')).toBe(0)
  await storage.close()
})

test('rotten places are counted once each, by the work that has found them', async () => {
  const disk = new MemoryDisk()
  const first = await open(disk)
  const writer = new Acknowledgements(first).writer(first.create(1))
  for (let i = 0; i < 10; i++) {
    writer.write({ sizes: [3000] })
    await settled()
    if (i % 5 === 4) await writer.log.seal()
  }
  await first.close()
  const storage = await open(disk)
  const log = storage.group(1)!
  const paths = disk.paths().filter((path) => path.endsWith('.log'))
  const counts = async () => {
    const value = await shown(storage)
    return ['read', 'scrub', 'recovery'].map((found) => value(`checksum_failures_total{found="${found}"}`))
  }
  expect(await counts()).toEqual([0, 0, 0])
  disk.flip(paths[0]!, 100, 1)
  for (let i = 0; i < 3; i++) await expect((async () => log.readRecords(0, 1, 100))()).rejects.toThrow()
  expect(await counts()).toEqual([1, 0, 0])
  disk.flip(paths[1]!, 100, 1)
  while (!(await log.scrub(5000)).ended);
  expect(await counts()).toEqual([1, 1, 0])
  await storage.close()
})

test('a rotten round of the journal is counted by the start that finds it', async () => {
  const { disk, path, from } = await journalOnly()
  disk.flip(path, from + 100, 1)
  const storage = await open(disk)
  expect((await shown(storage))('checksum_failures_total{found="recovery"}')).toBe(1)
  await storage.close()
})

test('reads of records are measured by where the records are: in segments each, in memory one in 16', async () => {
  const disk = new MemoryDisk()
  const counted = async (storage: LogStorage, reads: number) => {
    const registry = new Registry()
    register(registry, logMetrics, storage)
    const log = storage.group(1) as GroupLog
    for (let i = 0; i < reads; i++) await log.readRecords(0, log.endOffset, 100)
    const value = await valuesOf(registry)
    return ['disk', 'tail'].map((from) => value(`read_duration_seconds_count{from="${from}"}`))
  }
  const first = await open(disk)
  const writer = new Acknowledgements(first).writer(first.create(1))
  writer.write({ sizes: [3000] })
  await settled()
  expect(await counted(first, 17)).toEqual([0, 2])
  await first.close()
  const again = await open(disk)
  expect(await counted(again, 3)).toEqual([3, 0])
  await again.close()
})
