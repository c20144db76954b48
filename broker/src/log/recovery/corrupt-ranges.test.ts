import { expect, test } from 'vitest'
import { CorruptRanges } from './corrupt-ranges.ts'

function ranges(...known: [from: number, to: number][]) {
  const all = new CorruptRanges()
  for (const [from, to] of known) all.add({ from, to })
  return all
}
const listed = (all: CorruptRanges): string => all.list.map(({ from, to }) => `${from}-${to}`).join(' ')

test.each<[string, [number, number][], string]>([
  [
    'apart, in order',
    [
      [10, 12],
      [20, 25],
      [1, 3],
    ],
    '1-3 10-12 20-25',
  ],
  [
    'beside each other',
    [
      [10, 12],
      [13, 15],
      [7, 9],
    ],
    '7-9 10-12 13-15',
  ],
  [
    'the same one again',
    [
      [10, 12],
      [10, 12],
    ],
    '10-12',
  ],
  [
    'one that begins in a known one',
    [
      [10, 12],
      [11, 20],
    ],
    '10-12',
  ],
  [
    'one that begins at the last entry of a known one',
    [
      [10, 12],
      [12, 20],
    ],
    '10-12',
  ],
  [
    'one that ends in a known one takes its place',
    [
      [10, 12],
      [8, 10],
    ],
    '8-10',
  ],
  [
    'one that holds known ones takes their place, and no other',
    [
      [1, 2],
      [10, 12],
      [15, 15],
      [30, 31],
      [9, 20],
    ],
    '1-2 9-20 30-31',
  ],
  [
    'of one entry',
    [
      [5, 5],
      [6, 6],
      [4, 4],
    ],
    '4-4 5-5 6-6',
  ],
])('%s', (_, known, expected) => {
  expect(listed(ranges(...known))).toBe(expected)
})

test('a repair names a range by its first entry, and may end before it does', () => {
  const all = ranges([10, 20])
  const covering = [
    [10, 10],
    [10, 20],
    [10, 21],
    [10, 9],
    [11, 12],
  ] as const
  expect(covering.map(([first, last]) => all.covering(first, last) !== null)).toEqual([true, true, false, false, false])
  all.repaired(11, 12)
  expect(listed(all)).toBe('10-20')
  all.repaired(10, 14)
  expect(listed(all)).toBe('15-20')
  all.repaired(15, 20)
  expect(listed(all)).toBe('')
})

test('entries replaced up to the end of a range are sound, and a range that only begins or ends beside them is not', () => {
  for (const [first, last, left] of [
    [15, 20, '10-14'],
    [15, 30, '10-14'],
    [20, 20, '10-19'],
    [15, 19, '10-20'],
    [21, 30, '10-20'],
    [10, 20, ''],
  ] as const) {
    const all = ranges([10, 20])
    all.replaced(first, last)
    expect(listed(all), `${first} to ${last}`).toBe(left)
  }
})

test('ranges are cut where the log ends and where it begins', () => {
  const all = ranges([1, 5], [10, 20], [30, 40])
  all.cut(35)
  expect(listed(all)).toBe('1-5 10-20 30-34')
  all.cut(30)
  expect(listed(all)).toBe('1-5 10-20')
  all.trim(12)
  expect(listed(all)).toBe('13-20')
  all.trim(20)
  expect(listed(all)).toBe('')
})
