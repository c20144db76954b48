import { describe, expect, it } from 'vitest'
import { advisoriesOf } from './advisories.ts'
import { isAllowed, licenceList, refusedLicences } from './licences.ts'
import { type Component, type Sbom, withPackageNames } from './sbom.ts'

function component(reference: string, licenses?: Component['licenses']): Component {
  const [name, version] = [reference.slice(0, reference.lastIndexOf('@')), reference.split('@').at(-1)!]
  return { 'bom-ref': reference, name, version, ...(licenses && { licenses }) }
}
const mit = [{ license: { id: 'MIT' } }]

function sbomOf(...components: Component[]): Sbom {
  return { metadata: { component: component('root@1.0.0', mit) }, components }
}

describe('licences', () => {
  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['MIT OR GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', false],
    ['MIT AND ISC', true],
    ['(MIT OR GPL-3.0-only) AND Apache-2.0', true],
    ['(MIT AND GPL-3.0-only) OR (ISC AND LGPL-3.0-only)', false],
    ['((MIT))', true],
    ['Apache-2.0 WITH LLVM-exception', false],
    ['(MIT', false],
    ['MIT)', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['UNLICENSED', false],
    ['', false],
    [null, false],
  ])('%j is allowed: %j', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed)
  })

  it('that are not allowed, or missing, are named with their packages', () => {
    const sbom = sbomOf(
      component('a@1.0.0', mit),
      component('@x/b@2.0.0', [{ license: { id: 'AGPL-3.0-only' } }]),
      component('c@3.0.0'),
      component('d@4.0.0', [{ expression: 'MIT OR AGPL-3.0-only' }]),
      component('e@5.0.0', [{ license: { id: 'MIT' } }, { license: { name: 'Own terms' } }]),
    )
    expect(refusedLicences(sbom)).toEqual([
      '@x/b 2.0.0: AGPL-3.0-only',
      'c 3.0.0: no licence',
      'e 5.0.0: MIT AND Own terms',
    ])
    expect(licenceList(sbom)).toContain('| d | 4.0.0 | MIT OR AGPL-3.0-only |')
  })
})

it('packages of the workspace have the names that they are published under', () => {
  const own = { ...component('@tailrace/schemas@0.1.0', mit), name: 'schemas' }
  const { components, metadata } = withPackageNames(sbomOf(own, component('ws@8.0.0', mit)))
  expect(components.map(({ name }) => name)).toEqual(['@tailrace/schemas', 'ws'])
  expect(metadata.component.name).toBe('root')
})

describe('advisories', () => {
  const answer = (out: unknown, err = '') => ({ status: 1, out: JSON.stringify(out), err })
  it('are none, or named', () => {
    expect(advisoriesOf(answer({ vulnerabilities: {} }))).toEqual({ kind: 'none' })
    const a = { name: 'a', severity: 'high', range: '<2', via: [{ title: 'Reads too much', url: 'https://x/1' }] }
    const b = { name: 'b', severity: 'low', range: '*', via: ['a'] }
    expect(advisoriesOf(answer({ vulnerabilities: { a, b } }))).toEqual({
      kind: 'found',
      lines: ['high: a <2: Reads too much https://x/1', 'low: b *: by a'],
    })
  })
  it.each([
    [answer({ message: 'request failed: 405' }), 'request failed: 405'],
    [answer({ error: { summary: 'no endpoint' } }), 'no endpoint'],
    [{ status: 1, out: '', err: 'npm error ENOTFOUND\nmore' }, 'npm error ENOTFOUND'],
    [{ status: null, out: '<html>', err: '' }, 'npm said nothing'],
  ])('that a registry does not offer are not taken for none', (given, reason) => {
    expect(advisoriesOf(given)).toEqual({ kind: 'not offered', reason })
  })
})
