import { expect, test } from 'vitest'
import { SnapshotPolicy } from './snapshot-policy.ts'

const rules = { bytes: 1000, ms: 60_000, minGapMs: 5000 }

test('M43 due by bytes, but not before the gap', () => {
  const policy = new SnapshotPolicy(rules, 100)
  policy.committed(999)
  expect(policy.due(5100)).toBe(false)
  policy.committed(1)
  expect(policy.due(5099)).toBe(false)
  expect(policy.due(5100)).toBe(true)
  policy.taken(5100)
  policy.committed(5000)
  expect(policy.due(10_099)).toBe(false)
  expect(policy.due(10_100)).toBe(true)
})

test('M43 due by age, but not when nothing was committed', () => {
  const policy = new SnapshotPolicy(rules, 0)
  expect(policy.due(1_000_000)).toBe(false)
  policy.committed(1)
  expect(policy.due(59_999)).toBe(false)
  expect(policy.due(60_000)).toBe(true)
  policy.taken(60_000)
  expect(policy.due(1_000_000)).toBe(false)
})
