import type { Component, LicenceChoice, Sbom } from './sbom.ts'

/** Licences under which we ship what others wrote: none asks more than to keep a notice. SPDX identifiers. */
export const allowedLicences: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
])

/** What the component says, as one SPDX expression; null: nothing. Several licences hold all. */
export function licenceOf({ licenses = [] }: Component): string | null {
  if (licenses.length === 0) return null
  return licenses.map(textOf).join(' AND ')
}

function textOf(choice: LicenceChoice): string {
  if ('expression' in choice) return choice.expression
  return choice.license.id ?? choice.license.name ?? ''
}

/** Components whose licence is not allowed, or that name none; each with what it names. */
export function refusedLicences({ components }: Sbom): string[] {
  return components
    .filter((component) => !isAllowed(licenceOf(component)))
    .map((component) => `${component.name} ${component.version}: ${licenceOf(component) ?? 'no licence'}`)
}

/** Of alternatives one is enough; of several that hold together each must be allowed. "A OR B", "(A OR B) AND C". */
export function isAllowed(expression: string | null): boolean {
  if (expression === null) return false
  const parts = expression.match(/\(|\)|[^\s()]+/g) ?? []
  const inner = withoutGroups(parts)
  return inner !== null && inner.length > 0 && anyAlternative(inner)
}

/** Puts the verdict on a group in its place, from the inside out; null: brackets do not match. */
function withoutGroups(parts: readonly string[]): string[] | null {
  const close = parts.indexOf(')')
  if (close < 0) return parts.includes('(') ? null : [...parts]
  const open = parts.lastIndexOf('(', close)
  if (open < 0) return null
  const verdict = anyAlternative(parts.slice(open + 1, close)) ? yes : no
  return withoutGroups([...parts.slice(0, open), verdict, ...parts.slice(close + 1)])
}

const [yes, no] = ['(allowed)', '(refused)']

function anyAlternative(parts: readonly string[]): boolean {
  return splitAt(parts, 'OR').some((alternative) =>
    splitAt(alternative, 'AND').every((licence) => licence.length === 1 && isAllowedName(licence[0]!)),
  )
}

function isAllowedName(name: string): boolean {
  return name === yes || allowedLicences.has(name)
}

function splitAt(parts: readonly string[], word: string): string[][] {
  const found: string[][] = [[]]
  for (const part of parts) {
    if (part === word) found.push([])
    else found.at(-1)!.push(part)
  }
  return found
}

/** A table for people: what an installation brings with it, and under which licence. */
export function licenceList(sbom: Sbom): string {
  const rows = sbom.components
    .map((component) => `| ${component.name} | ${component.version} | ${licenceOf(component) ?? 'none named'} |`)
    .sort()
  const head = ['# Licences', '', 'What an installation of the packages brings with it, on all systems.', '']
  return [...head, '| package | version | licence |', '| --- | --- | --- |', ...new Set(rows), ''].join('\n')
}
