import { expect, it } from 'vitest'
import { areTexts, isBrokerSet, isNatural, isNonEmptyArray, isPositive } from './command-checks.ts'

const all = [
  undefined,
  null,
  '',
  '1',
  -1,
  0,
  1,
  1.5,
  Number.NaN,
  2 ** 53 - 1,
  2 ** 53,
  [],
  [0],
  [1],
  [1, 2],
  [2, 2],
  {},
]
const those = (check: (value: never) => boolean) => all.filter((value) => check(value as never))

it('each check takes exactly what it is for', () => {
  expect(those(isPositive)).toEqual([1, 2 ** 53 - 1])
  expect(those(isNatural)).toEqual([0, 1, 2 ** 53 - 1])
  expect(those(isNonEmptyArray)).toEqual([[0], [1], [1, 2], [2, 2]])
  expect(those(isBrokerSet)).toEqual([[], [1], [1, 2]])
  expect(those(areTexts)).toEqual(['', '1'])
  expect([areTexts('a', 'b'), areTexts('a', 1), areTexts(1, 'b')]).toEqual([true, false, false])
})
