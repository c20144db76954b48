import { afterEach, expect, it, vi } from 'vitest'
import { Backoff } from './backoff.ts'

afterEach(() => void vi.restoreAllMocks())

it('doubles from the first wait to the longest, half of each wait random, and starts over', () => {
  const random = vi.spyOn(Math, 'random')
  const waits = (value: number, count: number): number[] => {
    random.mockReturnValue(value)
    const backoff = new Backoff({ firstMs: 20, maxMs: 250 })
    return Array.from({ length: count }, () => backoff.next())
  }
  expect(waits(0, 6)).toEqual([10, 20, 40, 80, 125, 125])
  expect(waits(0.5, 6)).toEqual([15, 30, 60, 120, 187.5, 187.5])
  expect(waits(1, 6)).toEqual([20, 40, 80, 160, 250, 250])
  expect(waits(1, 5000).at(-1)).toBe(250)
  const backoff = new Backoff({ firstMs: 20, maxMs: 250 })
  for (let i = 0; i < 9; i++) backoff.next()
  backoff.reset()
  expect([backoff.next(), backoff.next()]).toEqual([20, 40])
})

it('with a first wait of 0 never waits', () => {
  const backoff = new Backoff({ firstMs: 0, maxMs: 250 })
  for (let i = 0; i < 2000; i++) expect(backoff.next()).toBe(0)
})
