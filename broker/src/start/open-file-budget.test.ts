import { expect, test } from 'vitest'
import { openFileBudget } from './open-file-budget.ts'

test.each([
  [136, 16],
  [256, 84],
  [1024, 579],
  [1_048_576, 1_048_112],
])('of %i files and connections, clients get %i, and all parts together no more than there are', (limit, clients) => {
  const budget = openFileBudget(limit)
  expect(budget.clients).toBe(clients)
  expect(budget.segments + budget.store + budget.unknownPeers + budget.clients).toBeLessThanOrEqual(limit - 64)
})

test('without a limit of the system, only our own limits count', () => {
  expect(openFileBudget(null).clients).toBe(Number.POSITIVE_INFINITY)
})

test('a limit that leaves nothing to clients is refused with what to do', () => {
  expect(() => openFileBudget(135)).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringContaining('ulimit -n') }),
  )
})
