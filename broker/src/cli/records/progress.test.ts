import { expect, it } from 'vitest'
import { progressLine, publishedText } from './progress.ts'

const figures = { records: 12_345, bytes: 2_500_000, seconds: 2, read: 50, total: 100 }

it('draws a bar where the size is known', () => {
  expect(progressLine(figures, 100)).toBe('[============            ]  50 %  12,345 records  2.5 MB  6,173 records/s')
  expect(progressLine({ ...figures, total: null }, 100)).toBe('12,345 records  2.5 MB  6,173 records/s')
})

it('never wraps', () => {
  expect(progressLine(figures, 40)).toHaveLength(39)
})

it('sums up, also when no time has passed', () => {
  expect(publishedText('t', figures)).toBe('published 12,345 records (2.5 MB) to t in 2.00 s: 6,173 records/s')
  expect(publishedText('t', { ...figures, seconds: 0 })).toContain(': 0 records/s')
  expect(publishedText('t', { ...figures, records: 1 })).toMatch(/^published 1 record \(/)
})
