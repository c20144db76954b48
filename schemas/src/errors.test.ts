import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  errorDocs,
  errorDocsFile,
  httpErrors,
  httpErrorsFile,
  sdkErrors,
  sdkErrorsFile,
  sdkHints,
  sdkHintsFile,
} from '../scripts/write-error-docs.ts'
import * as browserRows from './error-rows/browser.ts'
import { type ErrorCode, errorTable, isErrorCode } from './errors.ts'
import { knowHttpErrors } from './http-errors/browser.ts'

test('docs/errors.md says what the table says; if not: node schemas/scripts/write-error-docs.ts', () => {
  expect(readFileSync(errorDocsFile, 'utf8')).toBe(errorDocs())
  expect(readFileSync(sdkErrorsFile, 'utf8')).toBe(sdkErrors())
  expect(readFileSync(sdkHintsFile, 'utf8')).toBe(sdkHints())
  expect(readFileSync(httpErrorsFile, 'utf8')).toBe(httpErrors())
})

test('a browser knows every code and its status, some once it has asked over HTTP, and the words of what an SDK says itself', () => {
  expect(browserRows.isErrorCode('UNKNOWN_USER')).toBe(false)
  knowHttpErrors()
  for (const [code, row] of Object.entries(errorTable)) {
    expect(browserRows.isErrorCode(code)).toBe(true)
    expect(browserRows.errorRow(code as ErrorCode).status).toBe(row.status)
  }
  expect(browserRows.errorRow('CLOSED')).toEqual(errorTable.CLOSED)
  expect(browserRows.errorRow('CONNECTION_LOST')).toEqual({ ...errorTable.CONNECTION_LOST, hint: '' })
  expect(browserRows.errorRow('CASCADE_CYCLE')).toMatchObject({ message: 'CASCADE_CYCLE.', hint: '' })
  expect(browserRows.isErrorCode('toString')).toBe(false)
})

test('in a browser advice is loaded with the first error that has some; what a broker has said stays', async () => {
  const [own, told] = [made('TIMED_OUT'), made('UNKNOWN_TOPIC')]
  const known = { code: 'CASCADE_CYCLE' as ErrorCode, hint: '' }
  for (const error of [own, told, known]) browserRows.advise(error)
  told.hint = 'As the broker says.'
  expect(own.hint).toBe('')
  await expect.poll(() => own.hint).toBe(errorTable.TIMED_OUT.hint)
  expect(told.hint).toBe('As the broker says.')
  expect(known.hint).toBe('')
  expect(made('TIMED_OUT')).toEqual({ code: 'TIMED_OUT', hint: errorTable.TIMED_OUT.hint })
})

function made(code: ErrorCode): { code: ErrorCode; hint: string } {
  return { code, hint: browserRows.errorRow(code).hint }
}

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
