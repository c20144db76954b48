import { describe, expect, it } from 'vitest'
import { Jury, type RunTest } from './jury.ts'

/** Tests by name: what each does with broken and with sound code. `null` never ends. */
function runOf(tests: Readonly<Record<string, { broken: boolean | null; sound: boolean; ms?: number }>>) {
  const runs: string[] = []
  const run: RunTest = (test, code) => {
    runs.push(`${test} ${code}`)
    const { [code]: passes, ms = 10 } = tests[test]!
    return Promise.resolve(passes === null ? null : { failed: !passes, ms })
  }
  return { run, runs }
}

describe('the tests that judge a mutant', () => {
  it('stop at the first that notices it, and prove themselves on sound code once', async () => {
    const { run, runs } = runOf({
      blind: { broken: true, sound: true },
      sharp: { broken: false, sound: true },
      last: { broken: false, sound: true },
    })
    const jury = new Jury()
    for (let turn = 0; turn < 2; turn++) {
      expect(await jury.judge(['blind', 'sharp', 'last'], run)).toEqual({ outcome: 'killed', test: 'sharp' })
    }
    expect(runs).toEqual(['blind broken', 'sharp broken', 'sharp sound', 'blind broken', 'sharp broken'])
  })

  it('count for nothing when they fail on sound code as well', async () => {
    const { run, runs } = runOf({ ill: { broken: false, sound: false }, blind: { broken: true, sound: true } })
    const jury = new Jury()
    expect(await jury.judge(['ill', 'blind'], run)).toEqual({ outcome: 'survived', test: null })
    expect(await jury.judge(['ill'], run)).toEqual({ outcome: 'no test', test: null })
    expect(runs).toEqual(['ill broken', 'ill sound', 'blind broken'])
  })

  it('notice a mutant that never ends', async () => {
    const { run } = runOf({ stuck: { broken: null, sound: true } })
    expect(await new Jury().judge(['stuck'], run)).toEqual({ outcome: 'timed out', test: 'stuck' })
  })

  it('hold a slow one only when it is among the nearest three, once that is known', async () => {
    const quick = { broken: true, sound: true }
    const { run, runs } = runOf({ slow: { ...quick, ms: 3001 }, a: quick, b: quick, c: quick })
    const jury = new Jury()
    await jury.judge(['slow'], run)
    await jury.judge(['a', 'b', 'c', 'slow'], run)
    await jury.judge(['a', 'b', 'slow', 'c'], run)
    expect(runs.filter((line) => line === 'slow broken')).toHaveLength(2)
  })

  it('end when their time is used up', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `${at}`)
    const { run, runs } = runOf(
      Object.fromEntries(names.map((name) => [name, { broken: true, sound: true, ms: 3000 }])),
    )
    await new Jury().judge(names, run)
    expect(runs).toHaveLength(5)
  })
})
