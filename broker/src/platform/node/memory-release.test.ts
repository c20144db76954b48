import { expect, test, vi } from 'vitest'
import { MemoryRelease } from './memory-release.ts'

const MiB = 1024 * 1024

/** The bytes that are allocated at each look, and those that a collection leaves. */
function collectionsAt(megabytes: number[], live = 50): number[] {
  const collections: number[] = []
  let allocated = live * MiB
  const release = new MemoryRelease({
    allocated: () => allocated,
    collect() {
      collections.push(allocated / MiB)
      allocated = live * MiB
    },
  })
  for (const now of megabytes) {
    allocated = now * MiB
    release.look()
  }
  return collections
}

test('nothing is collected under load, and once after it', () => {
  expect(collectionsAt([100, 300, 200, 500, 501, 55, 56, 60])).toEqual([501])
})

test('a few bytes are not worth a pause, and slow growth is collected when it is', () => {
  expect(collectionsAt([55, 60, 70, 75])).toEqual([55])
  expect(collectionsAt([60, 70, 80, 90, 60, 70])).toEqual([60, 90])
})

test('what a start leaves is collected once, when it is over', () => {
  expect(collectionsAt([90, 120, 121, 52, 53])).toEqual([121])
})

test('live memory is not collected again and again', () => {
  expect(collectionsAt([300, 301, 300, 302, 303], 300)).toEqual([300])
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
