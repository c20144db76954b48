import { describe, expect, it } from 'vitest'
import { errorTable } from './errors.ts'
import { TailraceError, unreadableAt, withDetail } from './tailrace-error.ts'

it('an error shows code, message with detail, retriable and hint, and does not show its cause', () => {
  const error = new TailraceError('CORRUPT_BATCH', 'crc says 1.', { cause: new Error('secret') })
  expect(error.message).toBe('The batch does not match its CRC-32C. crc says 1.')
  expect(error.status).toBe(400)
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: 'CORRUPT_BATCH',
    message: error.message,
    retriable: true,
    hint: errorTable.CORRUPT_BATCH.hint,
  })
})

it('what an error does not tell is no property of it, so that consoles do not show it', () => {
  const all = ['code', 'endOffset', 'fence', 'hint', 'lines', 'name', 'place', 'retriable', 'retryAfterMs']
  const figures = { endOffset: 1, fence: 0, lines: { acknowledged: 0, line: 1 }, retryAfterMs: 5 }
  const place = { offset: 1, nextOffset: 2 }
  expect(Object.keys(new TailraceError('FENCED')).sort()).toEqual(['code', 'hint', 'name', 'retriable'])
  expect(Object.keys(new TailraceError('FENCED', undefined, { ...figures, place })).sort()).toEqual(all)
})

it('anything thrown becomes a TailraceError, which keeps the text of another error unless it is concealed', () => {
  const ours = new TailraceError('NOT_LEADER')
  const foreign = new Error('/secret/path')
  const told = TailraceError.from(foreign)
  const concealed = TailraceError.concealed(foreign)
  expect([TailraceError.from(ours), TailraceError.concealed(ours)]).toEqual([ours, ours])
  expect([told.code, told.cause, concealed.code, concealed.cause]).toEqual(['INTERNAL', foreign, 'INTERNAL', foreign])
  expect(told.message).toBe(`${errorTable.INTERNAL.message} /secret/path`)
  expect(concealed.message).toBe(errorTable.INTERNAL.message)
  expect(TailraceError.from('text').message).toBe(`${errorTable.INTERNAL.message} text`)
})

it('with more text an error tells all that it told before, in the words of the side that it comes from', () => {
  const figures = { retryAfterMs: 20, endOffset: 4, fence: 0 }
  const told = new TailraceError('THROTTLED', undefined, { ...figures, place })
  const error = Object.assign(told, { message: 'Slower, please.', hint: 'Wait.', retriable: false })
  const more = withDetail(error, '2 of the 3 records are written.')
  expect(more).toMatchObject({ ...figures, place, code: 'THROTTLED', hint: 'Wait.', retriable: false, cause: error })
  expect(more.message).toBe('Slower, please. 2 of the 3 records are written.')
})

const place = { topic: 'orders', partition: 3, offset: 7, nextOffset: 9 }
const general = errorTable.STORAGE_CORRUPT.message

describe('an error of a place that cannot be read', () => {
  it('shows its code, its former text, the place and where the next record begins', () => {
    const cause = new TailraceError('STORAGE_CORRUPT', 'The checksum differs.')
    const told = unreadableAt(cause, place) as TailraceError
    expect(told).toMatchObject({ code: 'STORAGE_CORRUPT', cause, place })
    expect(told.message).toBe(
      `${general} The checksum differs. At "orders" partition 3, offset 7; what follows begins at 9.`,
    )
  })

  it('shows the place alone when there was no former text, or the topic is not known', () => {
    const { topic, ...rest } = place
    const told = unreadableAt(new TailraceError('STORAGE_CORRUPT'), rest as typeof place) as TailraceError
    expect(told.message).toBe(`${general} offset 7; what follows begins at 9.`)
    const named = unreadableAt(new TailraceError('STORAGE_CORRUPT'), place) as TailraceError
    expect(named.message).toBe(`${general} "${topic}" partition 3, offset 7; what follows begins at 9.`)
  })

  it('stays as it is when it is a mistake of the program', () => {
    const mistake = new TypeError('x is undefined')
    expect(unreadableAt(mistake, place)).toBe(mistake)
  })
})
