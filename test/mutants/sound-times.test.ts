import { describe, expect, it } from 'vitest'
import { SoundTimes } from './sound-times.ts'

function timesOf(known: Readonly<Record<string, number | null>>): { times: SoundTimes; measured: string[] } {
  const measured: string[] = []
  const times = new SoundTimes((test) => {
    measured.push(test)
    return Promise.resolve(known[test] ?? null)
  })
  return { times, measured }
}

describe('the tests that a mutant may cost', () => {
  it('begin with the quickest, and are measured once', async () => {
    const { times, measured } = timesOf({ a: 300, b: 100 })
    expect(await times.affordable(['a', 'b'])).toEqual({ judges: ['b', 'a'], soundMs: 400 })
    expect(await times.affordable(['b'])).toEqual({ judges: ['b'], soundMs: 100 })
    expect(measured).toEqual(['a', 'b'])
  })

  it('leave out one that fails while nothing is broken', async () => {
    const { times, measured } = timesOf({ a: null, b: 100 })
    expect(await times.affordable(['a', 'b'])).toEqual({ judges: ['b'], soundMs: 100 })
    expect(await times.affordable(['a'])).toEqual({ judges: [], soundMs: 0 })
    expect(measured).toEqual(['a', 'b'])
  })

  it('hold a slow one only when it is among the nearest three', async () => {
    const { times } = timesOf({ slow: 3001, a: 1, b: 2, c: 3 })
    expect((await times.affordable(['a', 'b', 'slow', 'c'])).judges).toEqual(['a', 'b', 'c', 'slow'])
    expect((await times.affordable(['a', 'b', 'c', 'slow'])).judges).toEqual(['a', 'b', 'c'])
  })

  it('end when their time is used up', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `${at}`)
    const { times, measured } = timesOf(Object.fromEntries(names.map((name) => [name, 3000])))
    expect((await times.affordable(names)).soundMs).toBe(15_000)
    expect(measured).toHaveLength(5)
  })
})
