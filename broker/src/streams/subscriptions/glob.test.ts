import { describe, expect, it } from 'vitest'
import { literalStart, matchesGlob } from './glob.ts'

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

  it('take a short time, whatever they are made of', () => {
    const begun = performance.now()
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(1000))).toBe(false)
    expect(matchesGlob(`${'**/a/'.repeat(100)}b`, 'a/'.repeat(500))).toBe(false)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})
