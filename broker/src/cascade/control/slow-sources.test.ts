import { describe, expect, it } from 'vitest'
import { SlowSources } from './slow-sources.ts'

/** Each second the delays of the sources 101, 102, … of level 1, in milliseconds; who is slow after each. */
function watched(seconds: readonly (readonly number[])[], slow = new SlowSources()): number[][] {
  return seconds.map((delays, second) => [
    ...slow.update(
      delays.map((ms, at) => ({ broker: 101 + at, level: 1, ms })),
      second * 1_000,
    ),
  ])
}
const times = (count: number, delays: readonly number[]) => Array.from({ length: count }, () => delays)

describe('slow sources', () => {
  it('M89 a source is slow that is late by seconds while the others are not', () => {
    const rising = [0, 1_000, 2_000, 3_000, 4_000].map((ms) => [ms, 0, 100])
    expect(watched(rising)).toEqual([[], [], [], [], [101]])
  })

  it('M89 what holds up all of a level makes none slow, nor does a source without siblings', () => {
    expect(watched(times(3, [60_000, 50_000, 40_000])).flat()).toEqual([])
    expect(watched(times(3, [60_000])).flat()).toEqual([])
    const slow = new SlowSources()
    const levels = [1, 2].map((level) => ({ broker: 100 * level, level, ms: 60_000 * (level - 1) }))
    expect([...slow.update(levels, 0)]).toEqual([])
  })

  it('M89 it is well again after ten seconds without delay, and later each time that it is slow again', () => {
    const [late, well] = [
      [5_000, 0],
      [0, 0],
    ]
    const seen = watched([late, ...times(12, well), late, ...times(25, well)])
    const slowAt = seen.flatMap((slow, second) => (slow.length > 0 ? [second] : []))
    expect(slowAt).toEqual([
      0,
      ...Array.from({ length: 10 }, (_, n) => 1 + n),
      ...Array.from({ length: 21 }, (_, n) => 13 + n),
    ])
  })

  it('M89 a delay in between begins the time anew, and one that is gone is forgotten', () => {
    const seen = watched([[5_000, 0], ...times(8, [0, 0]), [1_001, 0], ...times(8, [0, 0])])
    expect(seen.every((slow) => slow.length === 1)).toBe(true)
    const slow = new SlowSources()
    watched([[5_000, 0]], slow)
    expect([...slow.update([{ broker: 102, level: 1, ms: 0 }], 1_000)]).toEqual([])
    expect([...slow.now]).toEqual([])
  })
})
