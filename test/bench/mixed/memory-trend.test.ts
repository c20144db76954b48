import { expect, it } from 'vitest'
import { bytesPerHour } from './memory-trend.ts'

const minute = 60_000

it('a memory that grows by a megabyte a minute grows by 60 an hour, whatever it swings about that line', () => {
  const samples = Array.from({ length: 40 }, (_, at) => ({ at: at * minute, bytes: 2e8 + at * 1e6 }))
  expect(bytesPerHour(samples)).toBeCloseTo(60e6, -3)
  const swinging = samples.map(({ at, bytes }, i) => ({ at, bytes: bytes + (i % 4 < 2 ? 3e6 : -3e6) }))
  expect(Math.abs(bytesPerHour(swinging) - 60e6)).toBeLessThan(5e6)
})

it('a memory that stays has no slope, and neither has a single sample', () => {
  expect(bytesPerHour([0, 1, 2].map((at) => ({ at: at * minute, bytes: 1e8 })))).toBe(0)
  expect(bytesPerHour([{ at: 0, bytes: 1e8 }])).toBe(0)
})
