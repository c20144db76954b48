import { expect, it } from 'vitest'
import { type ProducerRecord, recordInput } from './record.ts'

it('a record has a time and a key in any case, and headers where it was given some', () => {
  expect(recordInput({ value: 'v', timestamp: 0 })).toStrictEqual({ timestamp: 0, key: null, value: 'v' })
  expect(recordInput({ value: null, key: '', timestamp: 7 })).toStrictEqual({ timestamp: 7, key: '', value: null })
  const before = Date.now()
  const { timestamp } = recordInput({ value: 'v' })
  expect(timestamp).toBeGreaterThanOrEqual(before)
  expect(timestamp).toBeLessThanOrEqual(Date.now())
  expect(recordInput({ value: 'v', timestamp: 7, headers: {} })).toMatchObject({ headers: [] })
})

it('a header of several values is there once for each', () => {
  const headers = { a: 'x', b: ['y', null], c: [] }
  expect(recordInput({ value: 'v', headers }).headers).toEqual([
    ['a', 'x'],
    ['b', 'y'],
    ['b', null],
  ])
})

it.each([null, 'text', 7])('headers that are %j are refused', (headers) => {
  expect(() => recordInput({ value: 'v', headers } as unknown as ProducerRecord)).toThrow(
    expect.objectContaining({ code: 'INVALID_RECORD' }),
  )
})
