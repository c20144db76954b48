import type { CascadeReport } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { otherLoad } from './other-load.ts'

const [sample] = sampleMessages.CascadeBeat.reports
const loadOf = (change: Partial<CascadeReport>, below = 10) => {
  const rates = { connections: 10, clientBytesPerSecond: 0, copiedBytesPerSecond: 5_000_000 }
  return otherLoad({ ...sample!, ...rates, ...change }, below)
}

test('M89 what clients take counts by what a broker below takes, which is all that is published', () => {
  expect(loadOf({ clientBytesPerSecond: 20_000_000 })).toBe(4)
  // A broker below costs next to nothing while little is published: it would not help to move it.
  expect(loadOf({ clientBytesPerSecond: 20_000_000, copiedBytesPerSecond: 0 })).toBe(20)
})

test('M89 a hundred connections of clients count as a broker; those of brokers below do not count', () => {
  expect(loadOf({ connections: 310 })).toBe(3)
  expect(loadOf({ connections: 9 })).toBe(0)
})

test('M89 a broker of an earlier version, which does not tell, counts as one without clients', () => {
  const { connections: _, clientBytesPerSecond: __, copiedBytesPerSecond: ___, ...older } = sample!
  expect(otherLoad(older, 3)).toBe(0)
  expect(loadOf({ connections: -1, clientBytesPerSecond: -1, copiedBytesPerSecond: -1 })).toBe(0)
})
