import { expect, test } from 'vitest'
import type { TailChunk } from './tail-chunk.ts'
import { TailPool } from './tail-pool.ts'

/** Chunks of 10 bytes for a pool of `limit`, with their states. */
function poolOf(limit: number) {
  const pool = new TailPool(limit)
  const evicted: number[] = []
  const looks = { count: 0 }
  let made = 0
  const chunk = (): TailChunk => {
    const number = ++made
    let isReleased = false
    const own = {
      memoryBytes: 10,
      owner: { evict: () => void evicted.push(number) },
      release: () => {
        isReleased = true
      },
      get released() {
        looks.count++
        return isReleased
      },
    }
    return own as unknown as TailChunk
  }
  /** A chunk that its segment has. */
  const written = (): TailChunk => {
    const one = chunk()
    pool.add(one)
    pool.pin(one)
    pool.unpin(one)
    return one
  }
  return { pool, evicted, looks, chunk, written }
}

test('the oldest chunk that its segment has is evicted when the pool is over its limit', () => {
  const { pool, evicted, chunk, written } = poolOf(30)
  const pinned = chunk()
  pool.add(pinned)
  expect([pool.bytes, pool.waitingBytes, pool.pinnedBytes]).toEqual([10, 10, 0])
  pool.pin(pinned)
  expect([pool.bytes, pool.waitingBytes, pool.pinnedBytes]).toEqual([10, 0, 10])
  for (let i = 0; i < 2; i++) written()
  expect(evicted).toEqual([])
  written()
  expect([evicted, pool.bytes]).toEqual([[2], 30])
  pool.unpin(pinned)
  for (let i = 0; i < 3; i++) written()
  expect([evicted, pool.bytes, pool.pinnedBytes]).toEqual([[2, 3, 4, 1], 30, 0])
})

test('a released or discarded chunk takes no room, and is not evicted', () => {
  const { pool, evicted, chunk, written } = poolOf(30)
  const first = written()
  written()
  pool.release(first)
  expect(pool.bytes).toBe(10)
  const never = chunk()
  pool.add(never)
  pool.discard(never)
  expect([evicted, pool.bytes, pool.waitingBytes]).toEqual([[3], 10, 0])
  for (let i = 0; i < 3; i++) written()
  expect([evicted, pool.bytes]).toEqual([[3, 2], 30])
})

test('the pool is pressed above half of its limit that segments lack, and crowded above all of it', () => {
  const { pool, chunk } = poolOf(40)
  const seen: boolean[][] = []
  for (let i = 0; i < 5; i++) {
    const one = chunk()
    pool.add(one)
    pool.pin(one)
    seen.push([pool.pressed, pool.crowded])
  }
  expect(seen).toEqual([
    [false, false],
    [false, false],
    [true, false],
    [true, false],
    [true, true],
  ])
})

test('each chunk is looked at a few times at most, whether it is released in order, late, or evicted', () => {
  const chunks = 5000
  for (const late of [0, 1500, chunks]) {
    const { pool, looks, written } = poolOf(Number.MAX_SAFE_INTEGER)
    const kept: TailChunk[] = []
    for (let i = 0; i < chunks; i++) {
      kept.push(written())
      if (kept.length > late) pool.release(kept.shift()!)
    }
    for (const one of kept) pool.release(one)
    expect([pool.bytes, looks.count / chunks < 5]).toEqual([0, true])
  }
  const { looks, evicted, written } = poolOf(1000)
  for (let i = 0; i < chunks; i++) written()
  expect([evicted.length, looks.count]).toEqual([chunks - 100, chunks - 100])
})
