import { afterEach, expect, it, vi } from 'vitest'
import { skipped } from './skipped.ts'

afterEach(() => vi.restoreAllMocks())

it('a test that is skipped has a line that says so, and no other', () => {
  const line = vi.spyOn(console, 'log').mockImplementation(() => {})
  expect(skipped(false, 'a: b.', { inCi: false })).toBe(false)
  expect(line).not.toHaveBeenCalled()
  expect(skipped(true, 'a: b.', { inCi: false })).toBe(true)
  expect(line.mock.calls).toEqual([['Skipped: a: b.']])
})

it('no test is skipped in .ci/run, but for what nobody can install', () => {
  const line = vi.spyOn(console, 'log').mockImplementation(() => {})
  expect(skipped(false, 'a: b.', { inCi: true })).toBe(false)
  expect(() => skipped(true, 'a: b.', { inCi: true })).toThrow(
    'CI=true skips no test, and .ci/run installs what is missing: a: b.',
  )
  expect(skipped(true, 'a: b.', { inCi: true, evenInCi: true })).toBe(true)
  expect(line.mock.calls).toEqual([['Skipped: a: b.']])
})
