import { expect, test } from 'vitest'
import { decadesOf, quantileOf, StageHistory } from './stage-history.ts'

const bounds = [0.001, 0.01, 0.1]

test.each([
  ['half of one bucket', 0.5, [10, 10, 10, 10], 500],
  ['in the second one', 0.5, [0, 10, 10, 10], 5500],
  ['over two', 0.99, [98, 100, 100, 100], 5500],
  ['beyond the last bound', 0.99, [0, 0, 0, 1], 100_000],
  ['none', 0.5, [0, 0, 0, 0], null],
  ['a broker that has been started again', 0.5, [-1, -1, -1, 5], null],
])('a quantile of %s', (_name, quantile, counts, expected) => {
  expect(quantileOf(quantile, bounds, counts)).toBe(expected)
})

const told = (counts: number[]) => ({ bounds, stages: [{ of: 'read', stage: 'log', counts }] })
const linesOf = (history: StageHistory) => history.all[0]?.lines.map((points) => points.map(({ value }) => value))

test('points are of what was counted in between, over ten seconds', () => {
  const history = new StageHistory()
  history.add(told([1000, 1000, 1000, 1000]), 0)
  expect(history.all).toEqual([])
  history.add(told([1000, 1000, 1000, 1000]), 500)
  history.add(told([1000, 1010, 1010, 1010]), 2000)
  expect(linesOf(history)![0]).toEqual([5500])
  // Nothing was counted in ten seconds: no point.
  for (let at = 4000; at <= 14_000; at += 2000) history.add(told([1000, 1010, 1010, 1010]), at)
  expect(linesOf(history)![0]).toHaveLength(5)
  history.add(told([1100, 1110, 1110, 1110]), 16_000)
  expect(linesOf(history)![0]!.at(-1)).toBe(500)
  expect([history.isSilent(16_000), history.isSilent(400_000)]).toEqual([false, true])
})

test('what happened in a silence is no point', () => {
  const history = new StageHistory()
  history.add(told([1, 1, 1, 1]), 0)
  history.add(told([900, 900, 900, 900]), 60_000)
  expect(history.all).toEqual([])
  history.add(told([900, 901, 901, 901]), 62_000)
  expect(linesOf(history)).toEqual([[5500], [9910]])
})

test('there are none before there is anything', () => {
  expect(new StageHistory().isSilent(0)).toBe(true)
})

test.each([
  [[], [0, 1]],
  [
    [0, 1],
    [0, 1],
  ],
  [[100], [2, 3]],
  [
    [90, 4000],
    [1, 4],
  ],
])('all of %j lie between these powers of ten', (values, expected) => {
  expect(decadesOf([values.map((value) => ({ at: 0, value }))])).toEqual(expected)
})
