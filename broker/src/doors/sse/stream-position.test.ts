import type { Position } from '@tailrace/schemas'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { offsetText, parseStreamPosition, StreamPosition } from './stream-position.ts'

const offset = (value: number): Position => ({ kind: 'OFFSET', value })
const number = fc.nat(Number.MAX_SAFE_INTEGER)
const place: fc.Arbitrary<Position> = fc.oneof(
  number.map(offset),
  fc.constantFrom<Position>({ kind: 'EARLIEST', value: 0 }, { kind: 'LATEST', value: 0 }),
  number.map((value): Position => ({ kind: 'TIME', value })),
)

it('reads what it has written, and an offset put between before and after is that of the partition', () => {
  const places = fc.array(place, { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(places, fc.boolean(), number, fc.nat(19), (given, isOfAll, next, which) => {
      const numbered = given.map((one, at) => [isOfAll ? at : 3 * at + 1, one] as const)
      const position = new StreamPosition('2f-1c', isOfAll, numbered)
      const read = parseStreamPosition(position.toString())
      expect(read).toEqual(position)
      const [partition] = numbered[which % numbered.length]!
      const { before, after } = position.around(partition)
      position.move(partition, next)
      expect(`${before}${offsetText(next)}${after}`).toBe(position.toString())
    }),
  )
})

it('is the next offsets of partitions 0, 1, 2 … in base 36, or of those that are named', () => {
  const all = new StreamPosition('t', true, [
    [0, offset(40)],
    [1, { kind: 'LATEST', value: 0 }],
  ])
  expect(String(all)).toBe('t:14,L')
  all.move(3, 7)
  expect(String(all)).toBe('t:14,L,E,7')
  expect(String(new StreamPosition('t', false, [[2, offset(36)]]))).toBe('t:2=10')
})

it('keeps the order of partitions whichever of the added ones begins first', () => {
  const all = new StreamPosition('t', true, [[0, offset(0)]])
  all.move(2, 5)
  all.move(1, 4)
  expect(String(all)).toBe('t:0,4,5')
})

it.each([
  '',
  't',
  't:',
  ':1',
  't:1,',
  't:1,2=3',
  't:2=3,1',
  't:2=1,2=1',
  't:X',
  't:T',
  't:e1E',
  't:zzzzzzzzzzzz',
  't:zzzzzzzzzzz',
  't:-1',
  't x:1',
  't:1 2',
  'é:1',
])('%j is no id of an event', (text) => {
  expect(() => parseStreamPosition(text)).toThrow('is no id of an event')
})
