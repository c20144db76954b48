import { expect, test } from 'vitest'
import { takeSequences } from './producer-slots.ts'

test('sequences of a partition follow each other through 2^31 - 1 to 0, and start at 0 for another partition', () => {
  const slot = { producerId: 1, epoch: 0, sequences: new Map<string, number>() }
  expect(takeSequences(slot, 'a/0', 3)).toBe(0)
  expect(takeSequences(slot, 'a/0', 2 ** 31 - 4)).toBe(3)
  expect(takeSequences(slot, 'a/0', 2)).toBe(2 ** 31 - 1)
  expect(takeSequences(slot, 'a/0', 1)).toBe(1)
  expect(takeSequences(slot, 'a/1', 1)).toBe(0)
})
