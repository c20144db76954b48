import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { killedBefore, Report } from './report.ts'
import type { Verdict } from './trial.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-mutants-'))
  path = join(folder, 'mutants', 'report.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

function verdict(start: number, outcome: Verdict['outcome'], operator = 'value'): Verdict {
  return { file: 'a.ts', line: 1, operator, start, end: 9, before: 'a', after: 'b', outcome, test: null, ms: 1 }
}

it('the report has every verdict as soon as it is known, and a score', () => {
  const report = new Report(path, 7, 3)
  const written = () => JSON.parse(readFileSync(path, 'utf8')).verdicts.length
  expect([written(), report.share]).toEqual([0, 100])
  report.add(verdict(1, 'killed'))
  expect([written(), report.score]).toEqual([1, '1 of 1 tried mutants (of 3) killed (100.0 %), seed 7'])
  report.add(verdict(2, 'survived'))
  report.add(verdict(3, 'timed out'))
  expect(written()).toBe(3)
  expect(report.score).toBe('2 of 3 mutants killed (66.7 %, 1 of them because a test did not end), seed 7')
})

it('a planted bug that survives is counted for itself', () => {
  const report = new Report(path, 7, 3)
  report.add(verdict(1, 'no test'))
  report.add(verdict(2, 'killed', 'planted'))
  expect(report.plantedSurvivors).toBe(0)
  report.add(verdict(3, 'no test', 'planted'))
  expect(report.plantedSurvivors).toBe(1)
})

it('a later run goes on with what was killed, and tries again what survived or has moved', () => {
  expect(killedBefore(path, [])).toEqual([])
  const report = new Report(path, 7, 4)
  for (const known of [verdict(1, 'killed'), verdict(2, 'survived'), verdict(3, 'killed')]) report.add(known)
  const killed = killedBefore(
    path,
    [1, 2, 4].map((start) => verdict(start, 'no test')),
  )
  expect(killed).toEqual([verdict(1, 'killed')])
  const next = new Report(path, 7, 3, killed)
  expect([next.tried, next.score]).toEqual([1, '1 of 1 tried mutants (of 3) killed (100.0 %), seed 7'])
})
