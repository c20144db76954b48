import { expect, test } from 'vitest'
import { hasBlankPage } from './blank-pages.ts'

const filled = (length: number, from = 0, to = 0): Uint8Array => new Uint8Array(length).fill(7).fill(0, from, to)

test('a page is blank where nothing of these bytes but zeros stands in it', () => {
  expect(hasBlankPage([filled(10_000)], 0)).toBe(false)
  expect(hasBlankPage([filled(12_288, 4_096, 8_192)], 0)).toBe(true)
  expect(hasBlankPage([filled(12_288, 4_096, 8_191)], 0)).toBe(false)
  expect(hasBlankPage([filled(12_288, 4_097, 8_192)], 0)).toBe(false)
  // The same zeros do not fill a page where the bytes begin elsewhere.
  expect(hasBlankPage([filled(12_288, 4_096, 8_192)], 100)).toBe(false)
})

test('the first and the last page count with the part that the bytes have of them', () => {
  expect(hasBlankPage([filled(5_000, 0, 96)], 4_000)).toBe(true)
  expect(hasBlankPage([filled(5_000, 0, 95)], 4_000)).toBe(false)
  expect(hasBlankPage([filled(5_000, 4_192, 5_000)], 4_000)).toBe(true)
  expect(hasBlankPage([filled(5_000, 4_193, 5_000)], 4_000)).toBe(false)
  expect(hasBlankPage([new Uint8Array(10)], 4_090)).toBe(true)
  expect(hasBlankPage([], 4_000)).toBe(false)
})

test('pieces that stand in one page count together', () => {
  const zeros = new Uint8Array(2_048)
  expect(hasBlankPage([zeros, zeros], 0)).toBe(true)
  expect(hasBlankPage([zeros, filled(2_048)], 0)).toBe(false)
  expect(hasBlankPage([filled(2_048), zeros], 0)).toBe(false)
  expect(hasBlankPage([filled(2_048), zeros, zeros], 0)).toBe(true)
})
