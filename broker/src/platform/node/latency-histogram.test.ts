import { expect, it } from 'vitest'
import { seededRandom } from '../testing/random.ts'
import { LatencyHistogram } from './latency-histogram.ts'

/** Sorts all values. */
function exact(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1]!
}

it('tells percentiles to a thousandth, and never too little', () => {
  const random = seededRandom(7)
  for (const most of [40, 3_000, 2_000_000, 4_000_000_000]) {
    const values = Array.from({ length: 5_000 }, () => random.below(most) / 1000)
    const histogram = new LatencyHistogram()
    for (const value of values) histogram.add(value)
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const [told, real] = [histogram.percentile(share), exact(values, share)]
      expect(told).toBeGreaterThanOrEqual(real - 1e-9)
      expect(told).toBeLessThanOrEqual(real * 1.001 + 1e-3)
    }
    expect(histogram.summary().max).toBe(Math.max(...values))
  }
})

it('counts records that came together, and is nothing without any', () => {
  const histogram = new LatencyHistogram()
  expect(histogram.summary()).toEqual({ p50: 0, p99: 0, p999: 0, max: 0 })
  histogram.add(1, 999)
  histogram.add(50, 1)
  expect(histogram.total).toBe(1_000)
  expect(histogram.percentile(0.999)).toBeCloseTo(1, 1)
  expect(histogram.summary().max).toBe(50)
  histogram.add(1e12)
  expect(histogram.summary().max).toBe(1e12)
})
