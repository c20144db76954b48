import { afterEach, expect, it, vi } from 'vitest'
import { skipped } from './skipped.ts'

afterEach(() => vi.restoreAllMocks())

it('a test that is skipped has a line that says so, and no other', () => {
  const line = vi.spyOn(console, 'log').mockImplementation(() => {})
  expect(skipped(false, 'a: b.')).toBe(false)
  expect(line).not.toHaveBeenCalled()
  expect(skipped(true, 'a: b.')).toBe(true)
  expect(line.mock.calls).toEqual([['Skipped: a: b.']])
})
