import { expect, test } from 'vitest'
import { AppendTimes } from './append-times.ts'

test('tells the last index of a span ago, never a later one', () => {
  const times = new AppendTimes(6400)
  expect(times.oldUpTo(1e9)).toBe(0)
  for (let now = 0; now <= 20_000; now += 10) {
    times.note(now, now)
    const old = times.oldUpTo(now)
    expect(old).toBeLessThanOrEqual(Math.max(0, now - 6400))
    if (now > 6600) expect(old).toBeGreaterThanOrEqual(now - 6400 - 110)
  }
})

test('a log that does not grow becomes old as a whole', () => {
  const times = new AppendTimes(1000)
  times.note(0, 7)
  for (let now = 5; now < 1000; now += 5) times.note(now, 7)
  expect([times.oldUpTo(999), times.oldUpTo(1000)]).toEqual([0, 7])
})

test('entries that were cut do not make those in their place old', () => {
  const times = new AppendTimes(1000)
  times.note(0, 10)
  times.note(100, 20)
  times.note(200, 12)
  times.note(300, 20)
  expect(times.oldUpTo(1150)).toBe(10)
  expect(times.oldUpTo(1200)).toBe(12)
  expect(times.oldUpTo(1300)).toBe(20)
})
