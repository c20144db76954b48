import type { CascadeReport } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { PlannedMoves } from './planned-moves.ts'

const report = (broker: number, source: number) => ({ broker, source }) as CascadeReport

test('M89 a move that was decided counts until it is reported, taken back, or not made in fifteen seconds', () => {
  const moves = new PlannedMoves()
  const at101 = report(201, 101)
  moves.decided([at101], new Map([[201, 102]]), 0)
  expect(moves.sourceOf(at101)).toBe(102)
  moves.decided([at101], new Map([[201, 102]]), 14_999)
  expect(moves.sourceOf(at101)).toBe(102)
  moves.decided([at101], new Map([[201, 102]]), 15_000)
  expect(moves.sourceOf(at101)).toBe(101)
  moves.decided([at101], new Map([[201, 103]]), 15_001)
  expect(moves.sourceOf(at101)).toBe(103)
  const at103 = report(201, 103)
  moves.decided([at103], new Map([[201, 103]]), 16_000)
  expect(moves.sourceOf(at101)).toBe(101)
  moves.decided([at101], new Map([[201, 103]]), 17_000)
  moves.decided([at101], new Map(), 18_000)
  expect(moves.sourceOf(at101)).toBe(101)
  moves.decided([at101], new Map([[201, 103]]), 19_000)
  moves.decided([], new Map(), 20_000)
  expect(moves.sourceOf(at101)).toBe(101)
})

test('M89 a move is over once it is reported; who has no source is not on the move', () => {
  const moves = new PlannedMoves()
  const both = new Map([
    [201, 102],
    [202, 102],
  ])
  moves.decided([report(201, 101), report(202, 0)], both, 0)
  expect([moves.size, moves.sourceOf(report(202, 0))]).toEqual([1, 0])
  moves.heard([report(201, 101)])
  expect(moves.size).toBe(1)
  moves.heard([report(201, 102)])
  expect(moves.size).toBe(0)
})
