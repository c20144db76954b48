import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ran, rangesOf } from './executed-code.ts'

const root = import.meta.dirname
const script = (path: string, ...functions: readonly (readonly [number, number, number])[][]) => ({
  url: `${pathToFileURL(root).href}/${path}`,
  functions: functions.map((ranges) => ({
    ranges: ranges.map(([startOffset, endOffset, count]) => ({ startOffset, endOffset, count })),
  })),
})

describe('the code that a test has run', () => {
  it('is told by the smallest function or block around a place', () => {
    const called = [
      [10, 50, 2],
      [20, 30, 0],
    ] as const
    const code = rangesOf([script('a.ts', [[60, 90, 0]], [...called], [[0, 100, 1]])], root, () => true)
    const places = [5, 10, 19, 20, 29, 30, 49, 50, 60, 89, 90]
    expect(places.map((place) => ran(code, 'a.ts', place))).toEqual(
      [true, true, true, false, false, true, true, true, false, false, true], // in the order of the places
    )
    expect(ran(code, 'a.ts', 100)).toBe(false)
    expect(ran(code, 'b.ts', 10)).toBe(false)
  })

  it('leaves out files outside of the repository, or not wanted', () => {
    const whole = [[0, 9, 1]] as const
    const scripts = [script('a.test.ts', [...whole]), { ...script('', [...whole]), url: 'node:fs' }]
    expect(rangesOf(scripts, root, (path) => !path.includes('test'))).toEqual({})
  })
})
