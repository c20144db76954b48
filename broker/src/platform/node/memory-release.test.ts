import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { MemoryRelease } from './memory-release.ts'

const MiB = 1024 * 1024

/** What is allocated at each look, in MB. Returns it for each collection, and 0 where pages are given back. */
function collectionsAt(megabytes: number[], live = 50): number[] {
  const collections: number[] = []
  let allocated = live * MiB
  const release = new MemoryRelease({
    allocated: () => allocated,
    collect() {
      collections.push(allocated / MiB)
      allocated = live * MiB
    },
    giveBack: () => void collections.push(0),
  })
  for (const now of megabytes) {
    allocated = now * MiB
    release.look()
  }
  return collections
}

test('nothing is collected under load, and once after it', () => {
  expect(collectionsAt([100, 300, 200, 500, 501, 55, 56, 60])).toEqual([501, 0])
})

test('a few bytes are not worth a pause, and slow growth is collected when it is', () => {
  expect(collectionsAt([55, 60, 70, 75])).toEqual([55, 0])
  expect(collectionsAt([60, 70, 80, 90, 60, 70])).toEqual([60, 0, 90, 0])
})

test('what a start leaves is collected once, when it is over', () => {
  expect(collectionsAt([90, 120, 121, 52, 53])).toEqual([121, 0])
})

test('live memory is not collected again and again', () => {
  expect(collectionsAt([300, 301, 300, 302, 303], 300)).toEqual([300, 0])
})

test('this process: memory without a reference is freed', async () => {
  const release = new MemoryRelease()
  const external = () => process.memoryUsage().external
  const before = external()
  const held: Uint8Array[] = []
  for (let at = 0; at < 100; at++) held.push(new Uint8Array(MiB).fill(1))
  release.look()
  expect(external() - before).toBeGreaterThan(90 * MiB)
  held.length = 0
  release.look()
  release.look()
  // V8 gives buffers back from a thread of its own after the collection, and counts them when the next buffer is made.
  const made: ArrayBuffer[] = []
  await vi.waitFor(
    () => {
      made.push(new ArrayBuffer(1024))
      expect(external() - before).toBeLessThan(20 * MiB)
    },
    { timeout: 10_000 },
  )
})

test('a small process: pages of the young generation are given back, too', () => {
  // A process of its own: that of the tests has a heap of some hundred megabytes.
  const program = `
    import { getHeapStatistics } from 'node:v8'
    import { MemoryRelease } from ${JSON.stringify(new URL('./memory-release.ts', import.meta.url).href)}
    const release = new MemoryRelease()
    let held = []
    for (let at = 0; at < 2_000_000; at += 1) {
      held.push({ at, list: [at] })
      if (held.length > 100_000) held = []
    }
    const live = held
    release.look()
    const kept = getHeapStatistics().total_heap_size
    held = []
    for (let look = 0; look < 4; look += 1) release.look()
    console.log(JSON.stringify({ kept, left: getHeapStatistics().total_heap_size, live: live.length }))
  `
  const [kept, left] = Object.values(
    JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })),
  ) as number[]
  expect(kept).toBeGreaterThan(60 * MiB)
  expect(left).toBeLessThan(30 * MiB)
})
