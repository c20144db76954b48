import { expect, test } from 'vitest'
import type { FoundLimit } from '../../../security/quotas/quota-index.ts'
import { HeldCount } from './held-count.ts'

const found = (key: string, limit: number): FoundLimit => ({ kind: 'connections', key, limit, entity: key })

function holder(limit: FoundLimit | null) {
  const made = { now: limit, limit: () => made.now }
  return made
}

test('a limit counts all that share it, and a place that is given back can be taken again', () => {
  const count = new HeldCount()
  const quotas = {}
  const [one, two, other] = [holder(found('a', 2)), holder(found('a', 2)), holder(found('b', 1))]
  expect([count.take(one, quotas), count.take(two, quotas), count.take(two, quotas)]).toEqual([true, true, false])
  expect(count.take(other, quotas)).toBe(true)
  count.release(one)
  expect([count.take(two, quotas), count.take(two, quotas)]).toEqual([true, false])
  count.release(one)
  expect(count.take(one, quotas)).toBe(false)
})

test('what is held before there is a quota counts for it as well', () => {
  const count = new HeldCount()
  const one = holder(null)
  const before = {}
  for (let n = 0; n < 3; n++) expect(count.take(one, before)).toBe(true)
  one.now = found('a', 3)
  const after = {}
  expect(count.take(one, after)).toBe(false)
  count.release(one)
  expect(count.take(one, after)).toBe(true)
  one.now = null
  expect(count.take(one, {})).toBe(true)
})

test('what a holder has moves with it', () => {
  const count = new HeldCount()
  const quotas = {}
  const [one, two] = [holder(found('a', 1)), holder(found('b', 1))]
  expect(count.take(one, quotas)).toBe(true)
  one.now = found('b', 1)
  count.moved(one)
  expect(count.take(two, quotas)).toBe(false)
  expect(count.hasRoom(found('a', 1), quotas)).toBe(true)
})
