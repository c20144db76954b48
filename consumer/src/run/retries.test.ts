import { expect, it } from 'vitest'
import { retryDelayMs, retryRules } from './retries.ts'

it('waits twice as long after each failed attempt, up to a bound, and ends', () => {
  const rules = retryRules({ attempts: 5, firstMs: 100, maxMs: 300 })
  expect([1, 2, 3, 4, 5].map((failed) => retryDelayMs(rules, failed, 1))).toEqual([100, 200, 300, 300, undefined])
  expect([1, 2, 3].map((failed) => retryDelayMs(rules, failed, 0))).toEqual([50, 100, 150])
})

it.each([[{ attempts: 0 }], [{ attempts: 1.5 }], [{ firstMs: -1 }], [{ first: 1 }], [null]])('refuses %j', (options) =>
  expect(() => retryRules(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' })),
)
