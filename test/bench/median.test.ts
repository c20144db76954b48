import { expect, it } from 'vitest'
import { median } from './median.ts'

it.each([
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 4], 4],
  [[8, 2, 6, 4], 5],
])('the median of %j is %d', (numbers, expected) => expect(median(numbers)).toBe(expected))
