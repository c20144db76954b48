import { describe, expect, it } from 'vitest'
import { Jury, type RunTest } from './jury.ts'

const place = { file: 'a.ts', start: 5 }

interface Behaviour {
  /** Whether it passes on broken code; null: it never ends. */
  readonly broken: boolean | null
  readonly sound: boolean
  readonly cpuMs?: number
  /** How often it runs the place. */
  readonly count?: number
}

/** Tests by name: what each does with broken and with sound code. */
function runOf(tests: Readonly<Record<string, Behaviour>>) {
  const runs: string[] = []
  const run: RunTest = (test, code) => {
    runs.push(`${test} ${code}`)
    const { [code]: passes, cpuMs = 10, count = 1 } = tests[test]!
    const executed = code === 'sound' ? { 'a.ts': [[0, 10, count] as const] } : null
    return Promise.resolve(passes === null ? null : { failed: !passes, ms: 10, cpuMs, executed })
  }
  return { run, runs }
}

describe('the tests that judge a mutant', () => {
  it('stop at the first that notices it, and run on sound code once', async () => {
    const { run, runs } = runOf({
      blind: { broken: true, sound: true },
      sharp: { broken: false, sound: true },
      last: { broken: false, sound: true },
    })
    const jury = new Jury()
    for (let turn = 0; turn < 2; turn++) {
      expect(await jury.judge(place, ['blind', 'sharp', 'last'], run)).toEqual({ outcome: 'killed', test: 'sharp' })
    }
    const broken = ['blind broken', 'sharp broken']
    expect(runs).toEqual(['blind sound', broken[0], 'sharp sound', broken[1], ...broken])
  })

  it('are not asked when they fail on sound code, or do not come to the place', async () => {
    const { run, runs } = runOf({
      ill: { broken: false, sound: false },
      elsewhere: { broken: false, sound: true, count: 0 },
      blind: { broken: true, sound: true },
    })
    const known = new Map()
    const jury = new Jury(known)
    expect(await jury.judge(place, ['ill', 'elsewhere', 'blind'], run)).toEqual({ outcome: 'survived', test: null })
    expect(await jury.judge(place, ['ill', 'elsewhere'], run)).toEqual({ outcome: 'no test', test: null })
    expect(known.get('ill')).toBeNull()
    expect(runs).toEqual(['ill sound', 'elsewhere sound', 'blind sound', 'blind broken'])
  })

  it('notice a mutant that never ends', async () => {
    const { run } = runOf({ stuck: { broken: null, sound: true } })
    expect(await new Jury().judge(place, ['stuck'], run)).toEqual({ outcome: 'timed out', test: 'stuck' })
  })

  it('hold a slow one only when it is among the nearest three', async () => {
    const quick = { broken: true, sound: true }
    const { run, runs } = runOf({ slow: { ...quick, cpuMs: 5001 }, a: quick, b: quick, c: quick })
    const jury = new Jury()
    await jury.judge(place, ['a', 'b', 'c', 'slow'], run)
    expect(runs).not.toContain('slow broken')
    await jury.judge(place, ['a', 'b', 'slow', 'c'], run)
    expect(runs.filter((line) => line === 'slow broken')).toHaveLength(1)
  })

  it('end when their time is used up', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `${at}`)
    const { run, runs } = runOf(
      Object.fromEntries(names.map((name) => [name, { broken: true, sound: true, cpuMs: 4000 }])),
    )
    await new Jury().judge(place, names, run)
    expect(runs.filter((line) => line.endsWith('broken'))).toHaveLength(5)
  })
})
