import { describe, expect, it } from 'vitest'
import { checkPlace, type ReadPlace, readSettings } from './read-options.ts'

const setting = expect.objectContaining({ code: 'INVALID_SETTING' })

describe('the place of a read', () => {
  const place = { partition: 0, offset: 0 }

  it('has a partition and an offset, and may have a token', () => {
    for (const more of [{}, { token: null }, { token: '1-3-00112233aabbccdd' }, { holders: [1] }, { topicId: 'x' }]) {
      expect(() => checkPlace({ ...place, ...more })).not.toThrow()
    }
    for (const wrong of [{ partition: -1 }, { partition: 2 ** 31 }, { offset: 0.5 }, { ofset: 1 }]) {
      expect(() => checkPlace({ ...place, ...wrong } as ReadPlace)).toThrow(setting)
    }
    for (const name of ['partition', 'offset']) {
      const without = { ...place, [name]: undefined } as unknown as ReadPlace
      expect(() => checkPlace(without)).toThrow(`${name}: it is missing`)
    }
  })

  it('is refused for a malformed token, before any broker is asked', () => {
    expect(() => checkPlace({ ...place, token: 'abc' })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('the options of a read', () => {
  it('have defaults', () => {
    const defaults = { first: 'leader', linearizable: false, hedgeAfterMs: 200, timeoutMs: 30_000, maxBytes: 1_048_576 }
    expect(readSettings({})).toEqual(defaults)
    expect(readSettings({ first: 'holder' })).toEqual({ ...defaults, first: 'holder' })
    expect(readSettings({ linearizable: true })).toEqual({ ...defaults, linearizable: true })
  })

  it.each([
    { first: 'follower' },
    { linearizable: 'yes' },
    { linearizable: true, first: 'holder' },
    { timeoutMs: 0 },
    { maxBytes: 16 * 1024 * 1024 + 1 },
    { hedgeAfterMs: -1 },
    { other: 1 },
  ])('are refused: %j', (options) => {
    expect(() => readSettings(options as never)).toThrow(setting)
  })
})
