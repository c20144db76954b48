import { expect, it } from 'vitest'
import { paintFor } from './colours.ts'

const isColoured = (environment: Record<string, string>, watched: boolean) =>
  paintFor({ environment }, watched)('red', 'x') !== 'x'

it('there are colours where a person watches, and as NO_COLOR and FORCE_COLOR say', () => {
  expect([isColoured({}, true), isColoured({}, false)]).toEqual([true, false])
  expect([isColoured({ NO_COLOR: '1' }, true), isColoured({ NO_COLOR: '' }, true)]).toEqual([false, true])
  expect([isColoured({ FORCE_COLOR: '1' }, false), isColoured({ FORCE_COLOR: '0' }, true)]).toEqual([true, false])
  expect(isColoured({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false)
  expect(isColoured({ TERM: 'dumb' }, true)).toBe(false)
})

it('a colour ends behind its text', () => {
  expect(paintFor({ environment: { FORCE_COLOR: '1' } }, false)('cyan', 'x')).toBe('\x1b[36mx\x1b[39m')
})
