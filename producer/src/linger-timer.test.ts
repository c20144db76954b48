import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Batch } from './batch.ts'
import type { Lane } from './lane.ts'
import { LingerTimer } from './linger-timer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const batch = (name: string) => name as unknown as Batch

function laneThatNotes(): { lane: Lane; due: unknown[] } {
  const due: unknown[] = []
  return { lane: { due: (batch: unknown) => due.push(batch) } as unknown as Lane, due }
}

test('without a time to wait, batches are due at the end of the tick, together, and again in the next', async () => {
  const { lane, due } = laneThatNotes()
  const timer = new LingerTimer(0)
  for (const name of ['a', 'b']) timer.add(lane, batch(name))
  expect(due).toEqual([])
  await Promise.resolve()
  expect(due).toEqual(['a', 'b'])
  timer.add(lane, batch('c'))
  await Promise.resolve()
  expect(due).toEqual(['a', 'b', 'c'])
  expect(vi.getTimerCount()).toBe(0)
})

test('each batch is due when it has waited long enough, over one timer', () => {
  const { lane, due } = laneThatNotes()
  const timer = new LingerTimer(10)
  timer.add(lane, batch('a'))
  vi.advanceTimersByTime(4)
  timer.add(lane, batch('b'))
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(5)
  expect(due).toEqual([])
  vi.advanceTimersByTime(1)
  expect(due).toEqual(['a'])
  vi.advanceTimersByTime(3)
  expect(due).toEqual(['a'])
  vi.advanceTimersByTime(1)
  expect(due).toEqual(['a', 'b'])
  expect(vi.getTimerCount()).toBe(0)
})

test('in a hurry waiting batches leave as well; after close none leaves', async () => {
  const { lane, due } = laneThatNotes()
  const timer = new LingerTimer(10)
  timer.add(lane, batch('a'))
  timer.hurry(true)
  timer.add(lane, batch('b'))
  await Promise.resolve()
  expect([due, vi.getTimerCount()]).toEqual([['a', 'b'], 0])
  timer.hurry(false)
  timer.add(lane, batch('c'))
  timer.hurry(true)
  timer.add(lane, batch('d'))
  timer.close()
  expect(vi.getTimerCount()).toBe(0)
  await Promise.resolve()
  vi.advanceTimersByTime(100)
  expect(due).toEqual(['a', 'b'])
})
