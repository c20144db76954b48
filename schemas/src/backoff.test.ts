import { expect, it } from 'vitest'
import { Backoff, backoffMs } from './backoff.ts'

const bounds = { firstMs: 20, maxMs: 250 }

it('doubles from the first wait to the longest, half of each wait random, and starts over', () => {
  const waits = (below: (bound: number) => number, count: number): number[] => {
    const backoff = new Backoff(bounds, below)
    return Array.from({ length: count }, () => backoff.next())
  }
  const longest = (bound: number): number => bound - 1
  expect(waits(() => 0, 6)).toEqual([10, 20, 40, 80, 125, 125])
  expect(waits((bound) => Math.floor(bound / 2), 6)).toEqual([15, 30, 60, 120, 188, 188])
  expect(waits(longest, 6)).toEqual([20, 40, 80, 160, 250, 250])
  expect(waits(longest, 5000).at(-1)).toBe(250)
  const backoff = new Backoff(bounds, longest)
  for (let i = 0; i < 9; i++) backoff.next()
  backoff.reset()
  expect([backoff.next(), backoff.next()]).toEqual([20, 40])
})

it('with a first wait of 0 never waits', () => {
  const backoff = new Backoff({ firstMs: 0, maxMs: 250 }, (bound) => Math.floor(Math.random() * bound))
  for (let i = 0; i < 2000; i++) expect(backoff.next()).toBe(0)
})

it('without chance is the whole wait', () => {
  expect([0, 1, 2, 3, 4, 5000].map((failures) => backoffMs(bounds, failures))).toEqual([20, 40, 80, 160, 250, 250])
})
