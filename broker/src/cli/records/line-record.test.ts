import { describe, expect, it } from 'vitest'
import { recordOfLine } from './line-record.ts'

const line = (text: string) => Buffer.from(text)
const text = (key: string | Uint8Array | null) => (key === null ? null : Buffer.from(key).toString())
const fields = (keyField: string | null, valueField: string | null = null) =>
  ({ format: 'json', keyField, valueField }) as const

describe('a line of JSON', () => {
  it('is the value as it stands, byte for byte', () => {
    const bytes = line('{ "origin":"SFO" }')
    expect(recordOfLine(bytes, fields(null))).toEqual({ key: null, value: bytes })
    expect(recordOfLine(bytes, fields('origin'))).toEqual({ key: Buffer.from('SFO'), value: bytes })
  })

  it.each([
    ['{"k":7}', '7'],
    ['{"k":true}', 'true'],
    ['{"k":""}', ''],
    ['{"k":null}', null],
    ['{"k":"a","k":"b"}', 'b'],
    ['{"a":{"k":1},"k":"\\u0041"}', 'A'],
    ['{"\\u006b":"x"}', 'x'],
    ['{"k":-0.0}', '0'],
    ['{"k":1e2}', '100'],
    ['{"k":"ü"}', 'ü'],
  ])('%s has the key %j', (given, key) => {
    expect(text(recordOfLine(line(given), fields('k')).key)).toBe(key)
  })

  it.each([
    ['{"v":"text"}', 'text'],
    ['{"v":{"a":1}}', '{"a":1}'],
    ['{"v":null}', null],
    ['{"v":0}', '0'],
  ])('%s has the value %j', (text, value) => {
    expect(recordOfLine(line(text), fields(null, 'v')).value).toBe(value)
  })

  it.each([
    ['{"k":', null, 'is not JSON'],
    ['hello', null, 'is not JSON'],
    ['[1]', 'k', 'is no JSON object'],
    ['null', 'k', 'is no JSON object'],
    ['{"a":1}', 'k', 'has no field "k"'],
    ['{"a":1}', 'toString', 'has no field "toString"'],
    ['{"k":{"a":1}}', 'k', 'a key must be'],
  ])('%s with key field %s is refused: %s', (text, key, message) => {
    expect(() => recordOfLine(line(text), fields(key))).toThrow(SyntaxError)
    expect(() => recordOfLine(line(text), fields(key))).toThrow(message)
  })
})

it('any line of text is the value', () => {
  expect(recordOfLine(line('{"k":'), { format: 'text', keyField: null, valueField: null })).toEqual({
    key: null,
    value: line('{"k":'),
  })
})

it.each([
  ['SFO:late', ':', 'SFO', 'late'],
  ['SFO:a:b', ':', 'SFO', 'a:b'],
  [':late', ':', '', 'late'],
  ['SFO→', '→', 'SFO', ''],
])('%j with the separator %j has the key %j and the value %j', (given, keySeparator, key, value) => {
  const record = recordOfLine(line(given), { format: 'text', keySeparator, keyField: null, valueField: null })
  expect([text(record.key), text(record.value)]).toEqual([key, value])
})

it('a line without the separator is refused', () => {
  const format = { format: 'text', keySeparator: '\t', keyField: null, valueField: null } as const
  expect(() => recordOfLine(line('SFO late'), format)).toThrow('has no "\\t" between a key and a value')
})
