import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { settled } from '../platform/testing/clock.ts'
import type { GroupLog } from './log-storage.ts'
import { open } from './testing/small-log.ts'

/**
 * Sixty batches, each four of the same time, in segments of about a dozen, with several places in the index of each.
 */
async function filled(): Promise<{ disk: MemoryDisk; log: GroupLog; starts: Map<number, number> }> {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  for (let i = 0; i < 60; i++) {
    writer.write({ sizes: [1200], timestamp: 1000 + 10 * (i >> 2) })
    await settled()
  }
  const starts = new Map<number, number>()
  writer.now.entries.forEach(({ header }, i) => {
    const time = 1000 + 10 * (i >> 2)
    if (!starts.has(time)) starts.set(time, header.baseOffset)
  })
  return { disk, log: writer.log, starts }
}

/** For each time the first batch that has it; just above it, the next one; and nothing after the youngest. */
async function findsAll(log: GroupLog, starts: ReadonlyMap<number, number>): Promise<void> {
  const limit = log.endOffset
  for (const [time, offset] of starts) {
    expect(await log.offsetForTime(time, limit), `at ${time}`).toBe(offset)
    expect(await log.offsetForTime(time - 1, limit), `just before ${time}`).toBe(offset)
    expect(await log.offsetForTime(time + 1, limit), `just after ${time}`).toBe(starts.get(time + 10) ?? null)
    expect(await log.offsetForTime(time, offset), `at ${time}, below ${offset}`).toBeNull()
  }
}

test('a search by time finds the first batch that is exactly as young, in memory and in segments', async () => {
  const { log, starts } = await filled()
  await findsAll(log, starts)
  await log.seal()
  await findsAll(log, starts)
})

test('also after a start, from the disk', async () => {
  const { disk, log, starts } = await filled()
  await log.seal()
  disk.crash(() => 1)
  const again = (await open(disk)).group(1)!
  expect(disk.paths().filter((path) => path.endsWith('.log')).length).toBeGreaterThan(3)
  await findsAll(again, starts)
})
