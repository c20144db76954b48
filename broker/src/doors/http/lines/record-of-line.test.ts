import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { recordOfLine } from './record-of-line.ts'

const of = (text: string | Buffer, form: 'records' | 'values' = 'records') =>
  recordOfLine(Buffer.from(text as string), form, 'Line 7')

it('takes a record in JSON, also one that was read', () => {
  const record = { offset: 3, timestamp: 5, key: 'SFO', value: 'x', headers: { source: 'faa' }, partition: 2 }
  expect(of(` ${JSON.stringify(record)} `)).toEqual({
    key: Buffer.from('SFO'),
    value: Buffer.from('x'),
    headers: [['source', Buffer.from('faa')]],
    partition: 2,
    timestamp: 5,
  })
})

it('takes the bytes of a line as a value', () => {
  const none = { key: null, headers: [], partition: null, timestamp: null }
  expect(of('{"delay":3}', 'values')).toEqual({ ...none, value: Buffer.from('{"delay":3}') })
  expect(of(Buffer.from([0xff]), 'values')).toEqual({ ...none, value: Buffer.from([0xff]) })
})

it.each([
  ['{"value":"x"', /Line 7 is not JSON/],
  ['{"delay":3}', /Line 7\.delay is unknown/],
  ['"x"', /Line 7 is a string; send \{"key"/],
  ['null', /Line 7 is null/],
  ['[]', /Line 7 is an array/],
  ['{"key":"a"}', /Line 7\.value is missing/],
  ['{"value":3}', /Line 7\.value is a number/],
  ['{"value":"x","__proto__":{}}', /Line 7\.__proto__ is unknown/],
  [Buffer.from([0x22, 0xff, 0x22]), /Line 7 is not UTF-8/],
  [`{"value":${'['.repeat(900_000)}`, /more than 800000 values/],
])('says which line is wrong, and how: %#', (line, problem) => {
  expect(() => of(line)).toThrow(problem)
})
