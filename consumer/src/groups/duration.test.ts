import { expect, it } from 'vitest'
import { durationMs } from './duration.ts'

it.each([
  [0, 0],
  [1500, 1500],
  ['250ms', 250],
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['30d', 2_592_000_000],
])('takes %s', (given, ms) => expect(durationMs(given)).toBe(ms))

it.each([-1, 1.5, Number.NaN, '', '90', 's', '1w', '-1s', '31d', '1 s', undefined as never])('refuses %s', (given) =>
  expect(() => durationMs(given)).toThrow(/is not a time/),
)
