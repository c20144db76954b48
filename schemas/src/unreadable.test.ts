import { describe, expect, it } from 'vitest'
import { errorTable, TailraceError } from './errors.ts'
import { unreadableAt } from './unreadable.ts'

const place = { topic: 'orders', partition: 3, offset: 7, nextOffset: 9 }
const general = errorTable.STORAGE_CORRUPT.message

describe('an error of a place that cannot be read', () => {
  it('tells its code, what it said before, the place and where what follows begins', () => {
    const cause = new TailraceError('STORAGE_CORRUPT', 'The checksum differs.')
    const told = unreadableAt(cause, place) as TailraceError
    expect(told).toMatchObject({ code: 'STORAGE_CORRUPT', cause, place })
    expect(told.message).toBe(
      `${general} The checksum differs. At "orders" partition 3, offset 7; what follows begins at 9.`,
    )
  })

  it('tells the place alone when nothing was said before, or the topic is not known', () => {
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
