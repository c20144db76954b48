import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PLAIN_VERSION, PROVEN_VERSION } from '../broker/src/doors/peer/handshake/handshake-version.ts'
import { RecordType } from '../broker/src/log/journal/record.ts'
import { formats, formatsPage, readers } from './formats-page.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const versionsOf = ({ since }: (typeof readers)[keyof typeof readers]) => Object.keys(since).map(Number)

it('docs/formats.md is what "npm run docs" writes', () => {
  expect(read('../docs/formats.md')).toBe(formatsPage())
})

it('names each format, and the version that is written is the newest that is read', () => {
  const table = formats()
  expect(Object.keys(readers).sort()).toEqual(Object.keys(table).sort())
  for (const [name, row] of Object.entries(readers))
    expect([name, Math.max(...versionsOf(row))]).toEqual([name, table[name]!.version])
})

it('names no version that the code does not read', () => {
  expect(versionsOf(readers.handshake)).toEqual([PLAIN_VERSION, PROVEN_VERSION])
  expect(versionsOf(readers.journalRecord)).toEqual(Object.values(RecordType).toSorted((a, b) => a - b))
})

it('names releases up to the one of this tree', () => {
  const { version } = JSON.parse(read('../package.json')) as { version: string }
  const releases = new Set(Object.values(readers).flatMap(({ since }) => Object.values(since)))
  for (const release of releases) expect(release.localeCompare(version, 'en', { numeric: true })).toBeLessThanOrEqual(0)
})
