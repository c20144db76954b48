import { expect, test } from 'vitest'
import { recordsFromJson } from './record.ts'

const record = { value: null }
const refused = expect.objectContaining({ code: 'INVALID_RECORD', message: expect.stringContaining('100000') })
const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`h${n}`, '']))

test('a request has at most 100,000 records', () => {
  expect(recordsFromJson(new Array(100_000).fill(record))).toHaveLength(100_000)
  expect(() => recordsFromJson(new Array(100_001).fill(record))).toThrow(refused)
})

test('a request has at most 100,000 headers, in one record or in many, under one name or under many', () => {
  const all = (headers: object) => recordsFromJson([{ ...record, headers }])[0]!.headers.length
  expect([all(named(100_000)), all({ h: new Array(100_000).fill('') })]).toEqual([100_000, 100_000])
  expect(() => all(named(100_001))).toThrow(refused)
  expect(() => all({ h: new Array(100_001).fill('') })).toThrow(refused)
  const half = { ...record, headers: named(50_000) }
  expect(recordsFromJson([half, half, record])).toHaveLength(3)
  expect(() => recordsFromJson([half, half, { ...record, headers: { h: '' } }])).toThrow(refused)
})
