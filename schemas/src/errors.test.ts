import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorDocs, errorDocsFile } from '../scripts/write-error-docs.ts'
import { errorTable, isErrorCode } from './errors.ts'

test('docs/errors.md says what the table says; if not: node schemas/scripts/write-error-docs.ts', () => {
  expect(readFileSync(errorDocsFile, 'utf8')).toBe(errorDocs())
})

test('every row has an error status, and sentences for people', () => {
  for (const [code, row] of Object.entries(errorTable)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(row.status).toBeGreaterThanOrEqual(400)
    expect(row.status).toBeLessThan(600)
    expect(row.message).toMatch(/^[A-Z].*\.$/)
    expect(row.hint).toMatch(/^[A-Z"/].*\.$/)
  }
})

test('names that every object has are no error codes', () => {
  expect(isErrorCode('NOT_LEADER')).toBe(true)
  expect(isErrorCode('toString')).toBe(false)
})
