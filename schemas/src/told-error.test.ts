import { expect, it } from 'vitest'
import { errorTable } from './errors.ts'
import { toldErrorIn } from './json/told-error.ts'
import { TailraceError } from './tailrace-error.ts'
import { errorTold } from './told-error.ts'

const place = { topic: 'orders', partition: 3, offset: 7, nextOffset: 9 }

it('an error that went through JSON is the same error', () => {
  const details = { place, retryAfterMs: 20, endOffset: 4, fence: 0 }
  const error = new TailraceError('STORAGE_CORRUPT', 'The checksum differs.', details)
  const told = toldErrorIn(JSON.parse(JSON.stringify(error)))!
  expect(errorTold(told)).toMatchObject({ code: error.code, message: error.message, ...details })
  expect(errorTold(told).toJSON()).toEqual(error.toJSON())
})

it('the advice of the other side holds, also with a code that only a newer version knows', () => {
  const said = { message: 'As the other one puts it.', retriable: false, hint: 'As the other one advises.' }
  expect(errorTold({ code: 'TIMED_OUT', ...said })).toMatchObject({ code: 'TIMED_OUT', ...said })
  const newer = errorTold({ code: 'OF_TOMORROW', ...said, fence: 3 })
  expect(newer).toMatchObject({ code: 'INTERNAL', retriable: false, hint: said.hint, fence: 3 })
  expect(newer.message).toBe(`${errorTable.INTERNAL.message} OF_TOMORROW: ${said.message}`)
})

it('what is missing is taken from the table, and figures that are none are left out', () => {
  const { message, retriable, hint } = errorTable.FENCED
  expect(toldErrorIn({ code: 'FENCED', message })).toEqual({ code: 'FENCED', message, retriable, hint })
  const advice = { message: 'x', retriable: errorTable.INTERNAL.retriable, hint: errorTable.INTERNAL.hint }
  expect(toldErrorIn({ code: 'OF_TOMORROW', message: 'x' })).toEqual({ code: 'OF_TOMORROW', ...advice })
  expect(errorTold({ code: 'FENCED', message: '', retriable, hint }).message).toBe(message)
  const wrong = {
    code: 'FENCED',
    message,
    retriable,
    hint,
    retryAfterMs: -1,
    endOffset: 2 ** 60,
    fence: 'x',
    offset: 1,
  }
  expect(errorTold(toldErrorIn(wrong)!).toJSON()).toEqual({ code: 'FENCED', message, retriable, hint })
  expect(errorTold({ code: 'FENCED', message, retriable, hint, retryAfterMs: -1, fence: null }).retryAfterMs).toBe(
    undefined,
  )
})

it.each([undefined, null, 'FENCED', [], {}, { code: 'FENCED' }, { code: 1, message: 'x' }])(
  '%j is no error',
  (json) => {
    expect(toldErrorIn(json)).toBe(undefined)
  },
)
