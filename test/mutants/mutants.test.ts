import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../architecture/source-tree.ts'
import { parseDiff } from './changed-lines.ts'
import { choose, isMutated } from './choose.ts'
import { type Equivalent, isEquivalent } from './equivalents.ts'
import { apply, type Mutant, mutantsOf } from './operators.ts'
import { parsePlanted, plantedBugs } from './planted.ts'
import { relatedTests } from './related-tests.ts'

function texts(source: string, operator?: string): string[] {
  return mutantsOf('a.ts', source)
    .filter((mutant) => operator === undefined || mutant.operator === operator)
    .map((mutant) => apply(source, mutant))
}

describe('the operators of mutants', () => {
  it('move a boundary and turn a comparison round', () => {
    expect(texts('const a = b < c')).toEqual(['const a = b <= c', 'const a = b >= c'])
    expect(texts('const a = b === c')).toEqual(['const a = b !== c'])
  })

  it('swap logic, arithmetic, steps and extremes', () => {
    expect(texts('const a = b && c')).toEqual(['const a = b || c'])
    expect(texts('const a = b - c', 'arithmetic')).toEqual(['const a = b + c'])
    expect(texts('const a = `b` + c')).toEqual([])
    expect(texts('a++')).toEqual(['a--'])
    expect(texts('a += b')).toEqual(['a -= b'])
    expect(texts('const a = Math.max(b, c)')).toEqual(['const a = Math.min(b, c)'])
  })

  it('decide a condition beforehand, and drop a negation', () => {
    expect(texts('const a = !b ? c : d')).toEqual([
      'const a = true ? c : d',
      'const a = false ? c : d',
      'const a = b ? c : d',
    ])
  })

  it('remove a call inside of a function, but not one that only informs people', () => {
    expect(texts('function f() { act() }')).toEqual(['function f() { {} }'])
    expect(texts('function f() { logger.warn(1) }')).toEqual([])
    expect(texts('act()')).toEqual([])
  })

  it('leave alone code that runs only while a defect is switched on', () => {
    const switched = 'function f() { if (this.defects.x && a < b) { act() } }'
    expect(texts(switched, 'always')).toEqual([switched.replace('this.defects.x && a < b', 'true')])
    expect(texts(switched, 'logic')).toEqual([switched.replace('&&', '||')])
    expect(texts(switched)).toHaveLength(2)
    expect(texts('const a = defects.x ? b + c : d - e', 'arithmetic')).toEqual(['const a = defects.x ? b + c : d + e'])
    expect(texts('if (!defects.x && a < b) c = d - e', 'arithmetic')).toHaveLength(1)
    expect(texts('if (a || defects.x) c = d - e', 'never')).toHaveLength(1)
    expect(texts('function checkInvariants() { if (a < b) fail() }')).toEqual([])
  })

  it('change truth values and calculated numbers, not settings', () => {
    expect(texts('const a = true')).toEqual(['const a = false'])
    expect(texts('const a = b * 2', 'number')).toEqual(['const a = b * 3'])
    expect(texts('const LIMIT = 100')).toEqual([])
    expect(texts('const LIMIT = { max: 8 * (1024 * 1024) - 1 }')).toEqual([])
    expect(texts('const LIMIT = 8 * MiB')).toEqual([])
    expect(texts('const LIMIT = LONG - SHORT', 'arithmetic')).toHaveLength(1)
  })
})

describe('the choice of mutants', () => {
  const mutant = (file: string, line: number): Mutant => {
    return { file, line, operator: 'value', start: line, end: line + 1, before: 'a', after: 'b' }
  }
  const byFile = new Map([
    ['long.ts', [1, 2, 3, 4, 5].map((line) => mutant('long.ts', line))],
    ['short.ts', [mutant('short.ts', 1)]],
  ])

  it('is the same for one seed, and lets files take turns', () => {
    const first = choose(byFile, 2, 7)
    expect(choose(byFile, 2, 7)).toEqual(first)
    expect(first.map(({ file }) => file).sort()).toEqual(['long.ts', 'short.ts'])
    expect(choose(byFile, 100, 7)).toHaveLength(6)
    const lines = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => choose(byFile, 6, seed)[1]!.line))
    expect(lines.size).toBeGreaterThan(1)
  })

  it('keeps the order of a file when one of its mutants is left out', () => {
    const mutants = [1, 2, 3, 4, 5, 6].map((line) => ({ ...mutant('long.ts', line), before: `a${line}` }))
    const all = choose(new Map([['long.ts', mutants]]), 100, 7)
    const others = mutants.filter((other) => other !== all[0])
    expect(choose(new Map([['long.ts', others]]), 100, 7)).toEqual(all.slice(1))
  })

  it('leaves out tables, doubles and generated text', () => {
    expect(isMutated('broker/src/raft/replication/append.ts')).toBe(true)
    for (const path of ['broker/src/raft/defects.ts', 'schemas/src/errors.ts', 'broker/src/partition/testing/a.ts']) {
      expect(isMutated(path)).toBe(false)
    }
  })

  it('has no equivalent mutant of a line that is gone', () => {
    const known = JSON.parse(readFileSync(join(root, 'test/mutants/equivalents.json'), 'utf8')) as Equivalent[]
    const hasLine = ({ file, line }: Equivalent) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .some((text) => text.trim() === line)
    expect(known.filter((one) => !hasLine(one))).toEqual([])
  })

  it('leaves out mutants that were judged to be equivalent, also when the line has moved', () => {
    const text = 'x\n  a\n'
    const known = { file: 'a.ts', operator: 'value', line: 'a', before: 'a', reason: '' }
    expect(isEquivalent([known], mutant('a.ts', 2), text)).toBe(true)
    expect(isEquivalent([known], mutant('a.ts', 1), text)).toBe(false)
    expect(isEquivalent([{ ...known, operator: 'logic' }], mutant('a.ts', 2), text)).toBe(false)
  })

  it('can be that of the lines which differ', () => {
    const diff =
      '--- a/x.ts\n+++ b/x.ts\n@@ -1,0 +3,2 @@\n+a\n+b\n@@ -9 +11 @@ f\n-c\n+d\n--- a/y.ts\n+++ /dev/null\n@@ -1 +0,0 @@'
    expect(parseDiff(diff)).toEqual(new Map([['x.ts', new Set([3, 4, 11])]]))
  })
})

describe('the tests that can notice a mutant', () => {
  it('are those that import it, the nearest first', () => {
    const from = (...targets: string[]) => targets.map((target) => ({ specifier: target, line: 1, target }))
    const graph = new Map([
      ['a.ts', []],
      ['a.test.ts', from('a.ts')],
      ['0.test.ts', from('a.ts')],
      ['0/far.test.ts', from('a.ts')],
      ['b.ts', from('a.ts')],
      ['b.test.ts', from('b.ts')],
      ['test/e2e/far.test.ts', from('b.ts')],
      ['other.test.ts', from('c.ts')],
    ])
    expect(relatedTests(graph, 'a.ts')).toEqual(['a.test.ts', '0.test.ts', '0/far.test.ts', 'b.test.ts'])
  })
})

describe('a planted bug', () => {
  const text = '# The bound is one too far.\na.ts\n---\nb < c\n---\nb <= c\n'

  it('stands where its text stands', () => {
    const source = 'first\nif (b < c\n) d\n'
    const bug = parsePlanted(text, () => source, 'name')
    expect(bug).toMatchObject({ title: 'The bound is one too far.', file: 'a.ts', line: 2 })
    expect(apply(source, bug)).toBe('first\nif (b <= c\n) d\n')
  })

  it('has its place in the code as it is now', () => {
    const bugs = plantedBugs((path) => readFileSync(join(root, path), 'utf8'))
    expect(bugs.length).toBeGreaterThan(10)
    for (const bug of bugs) expect(bug.title).not.toBe('')
  })

  it('is refused when its text is gone, or stands twice', () => {
    expect(() => parsePlanted(text, () => '', 'name')).toThrow('name: its text does not stand exactly once in a.ts')
    expect(() => parsePlanted(text, () => 'b < c\nb < c\n', 'name')).toThrow('exactly once')
  })
})
