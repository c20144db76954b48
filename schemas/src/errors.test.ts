import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorDocs, errorDocsFile, sdkErrors, sdkErrorsFile } from '../scripts/write-error-docs.ts'
import * as browserRows from './error-rows/browser.ts'
import { type ErrorCode, errorTable, isErrorCode } from './errors.ts'

test('docs/errors.md says what the table says; if not: node schemas/scripts/write-error-docs.ts', () => {
  expect(readFileSync(errorDocsFile, 'utf8')).toBe(errorDocs())
  expect(readFileSync(sdkErrorsFile, 'utf8')).toBe(sdkErrors())
})

test('a browser knows every code and its status, and the words of what an SDK says itself', () => {
  for (const [code, row] of Object.entries(errorTable)) {
    expect(browserRows.isErrorCode(code)).toBe(true)
    expect(browserRows.errorRow(code as ErrorCode).status).toBe(row.status)
  }
  expect(browserRows.errorRow('CONNECTION_LOST')).toEqual(errorTable.CONNECTION_LOST)
  expect(browserRows.errorRow('CASCADE_CYCLE')).toMatchObject({ message: 'CASCADE_CYCLE.', hint: '' })
  expect(browserRows.isErrorCode('toString')).toBe(false)
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
