import { expect, it } from 'vitest'
import { countsOf, resultLine, sum } from './counts.ts'

const report = {
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [{ name: 'a', status: 'passed', assertionResults: [{}] }],
}

it('counts what vitest reports', () => {
  expect(countsOf(report, 0)).toEqual({ passed: 5, failed: 0, skipped: 2 })
  expect(countsOf({ ...report, numFailedTests: 3 }, 1)).toMatchObject({ failed: 3 })
})

it('counts what went wrong outside of tests', () => {
  const unloaded = { name: 'b', status: 'failed', assertionResults: [] }
  expect(countsOf({ ...report, testResults: [...report.testResults, unloaded] }, 1)).toMatchObject({
    passed: 5,
    failed: 1,
  })
  expect(countsOf(report, 1)).toMatchObject({ failed: 1 })
  expect(countsOf(null, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

it('says it in one line', () => {
  const total = sum([
    { passed: 5, failed: 0, skipped: 0 },
    { passed: 2, failed: 1, skipped: 0 },
  ])
  expect(resultLine(total)).toBe('7 passed, 1 failed')
  expect(resultLine({ passed: 1, failed: 0, skipped: 2 })).toBe('1 passed, 0 failed, 2 skipped')
})
