import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literalStart, MOST_SEGMENTS, matchesGlob } from './glob.ts'

function byRules([first, ...rest]: readonly string[], names: readonly string[]): boolean {
  if (first === undefined) return names.length === 0
  if (first === '**') return names.concat('').some((_, at) => byRules(rest, names.slice(at)))
  if (names.length === 0 || (first === '*' && names[0] === '')) return false
  const segment = new RegExp(`^${first.replaceAll('*', '.*')}$`)
  return segment.test(names[0]!) && byRules(rest, names.slice(1))
}

describe('patterns of names of streams', () => {
  it.each([
    ['events/*', 'events/a'],
    ['events/*', 'events/a.b'],
    ['**', 'a/b/c'],
    ['events/**', 'events'],
    ['events/**', 'events/a/b'],
    ['**/end', 'end'],
    ['**/end', 'a/b/end'],
    ['a/**/b/*/c', 'a/x/b/y/b/z/c'],
    ['job-*-log', 'job-7-log'],
    ['*a*b*', 'xaybz'],
    ['plain', 'plain'],
  ])('%s matches %s', (pattern, name) => {
    expect(matchesGlob(pattern, name)).toBe(true)
    expect(name.startsWith(literalStart(pattern))).toBe(true)
  })

  it.each([
    ['events/*', 'events'],
    ['events/*', 'events/a/b'],
    ['events/*', 'events/'],
    ['*', 'a/b'],
    ['**/end', 'a/b/ends'],
    ['a/**/b', 'a/b/c'],
    ['job-*-log', 'job-7-logs'],
    ['plain', 'plain/a'],
  ])('%s does not match %s', (pattern, name) => {
    expect(matchesGlob(pattern, name)).toBe(false)
  })

  it('match what they match by the rules, tried out one by one', () => {
    const text = (of: string) => fc.array(fc.constantFrom(...of), { maxLength: 9 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text('ab**//'), text('aab//'), (pattern, name) => {
        expect(matchesGlob(pattern, name)).toBe(byRules(pattern.split('/'), name.split('/')))
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })

  it('take a short time, whatever they are made of', () => {
    const begun = performance.now()
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(1000))).toBe(false)
    expect(matchesGlob(`${'**/a/'.repeat(100)}b`, 'a/'.repeat(500))).toBe(false)
    for (let at = 0; at < 1_000; at++) expect(matchesGlob(`*${'a'.repeat(499)}b`, 'a'.repeat(1000))).toBe(false)
    for (let at = 0; at < 1_000; at++) {
      expect(matchesGlob(`**/${'a*a/'.repeat(MOST_SEGMENTS - 3)}b/**`, `${'aaa/'.repeat(249)}a`)).toBe(false)
    }
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})
