import { expect, test } from 'vitest'
import { FillRate } from './fill-rate.ts'

test('the time until the disk is full follows from the free space of the last minutes alone', () => {
  const rate = new FillRate()
  expect(rate.secondsToTake(1000)).toBe(Number.POSITIVE_INFINITY)
  // 10 bytes a second, for half an hour.
  for (let second = 0; second < 1800; second += 5) rate.note(second * 1000, 100_000 - 10 * second)
  expect(rate.secondsToTake(1000)).toBe(100)
  expect([rate.secondsToTake(0), rate.secondsToTake(-1)]).toEqual([0, 0])
  // 20 bytes a second from now on: five minutes later nothing else counts.
  for (let second = 1800; second < 2100; second += 5) rate.note(second * 1000, 82_000 - 20 * (second - 1800))
  expect(rate.secondsToTake(1000)).toBe(50)
})

test('a disk that does not fill up, or has been looked at for a moment only, is full at no time', () => {
  const still = new FillRate()
  const growing = new FillRate()
  for (let second = 0; second <= 60; second += 5) {
    still.note(second * 1000, 1000)
    growing.note(second * 1000, 1000 + second)
  }
  expect([still, growing].map((rate) => rate.secondsToTake(10))).toEqual([Infinity, Infinity])
  const young = new FillRate()
  for (const [at, free] of [
    [0, 1000],
    [29_999, 500],
  ] as const)
    young.note(at, free)
  expect(young.secondsToTake(500)).toBe(Number.POSITIVE_INFINITY)
  young.note(30_000, 500)
  expect(young.secondsToTake(500)).toBe(30)
})
