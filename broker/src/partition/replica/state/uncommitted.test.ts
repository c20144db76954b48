import { afterEach, expect, test, vi } from 'vitest'
import type { ProducerUndo } from './producer-table.ts'
import { Uncommitted } from './uncommitted.ts'

const entry = (index: number, undo: ProducerUndo | null = null) => {
  const header = { index, term: 1, kind: 1, baseOffset: index, lastOffset: index, bytes: 100 } as const
  return { header, undo, payload: null }
}
const undoOf = (producerId: number): ProducerUndo => ({ producerId, before: undefined, forgotten: null })

function holding(count: number): Uncommitted {
  const held = new Uncommitted()
  for (let index = 1; index <= count; index++) held.push(entry(index, index === 4 ? null : undoOf(index)))
  return held
}

afterEach(() => void vi.restoreAllMocks())

test('entries leave in order, up to the commit index', () => {
  const held = holding(4)
  expect([1, 2, 3, 4].map(() => held.shiftUpTo(3)?.header.index)).toEqual([1, 2, 3, undefined])
  expect(held.size).toBe(1)
  expect([held.shiftUpTo(9)?.header.index, held.shiftUpTo(9), held.size]).toEqual([4, undefined, 0])
  held.push(entry(5))
  expect([held.size, held.shiftUpTo(5)?.header.index]).toEqual([1, 5])
})

test('entries are taken back from the end, those that have left not among them', () => {
  const held = holding(7)
  held.shiftUpTo(1)
  expect(held.undosFrom(3).map(({ producerId }) => producerId)).toEqual([7, 6, 5, 3])
  expect(held.undosFrom(1).map(({ producerId }) => producerId)).toEqual([7, 6, 5, 3, 2])
  held.truncate(6)
  expect([held.size, held.undosFrom(1).length]).toEqual([4, 3])
  held.forgetUndos()
  expect([held.size, held.undosFrom(1)]).toEqual([4, []])
  held.truncate(1)
  expect([held.size, held.shiftUpTo(9)]).toEqual([0, undefined])
})

test.each([
  ['of few entries', 1200, [1025]],
  ['of many entries', 5000, [2501, 3751, 4776]],
])(
  'the places of entries that have left %s are released when they are more than 1,024 and more than half',
  (_, count, expected) => {
    const held = holding(count)
    const copies = vi.spyOn(Array.prototype, 'slice')
    const at: number[] = []
    for (let index = 1; index <= count; index++) {
      const before = copies.mock.calls.length
      expect(held.shiftUpTo(index)!.header.index).toBe(index)
      if (copies.mock.calls.length > before) at.push(index)
    }
    expect(at).toEqual(expected)
  },
)
