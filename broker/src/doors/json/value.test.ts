import { expect, test } from 'vitest'
import { bytesFromJson, bytesToJson, nameOf } from './value.ts'

test.each([
  ['', ''],
  ['é', 'é'],
  [{ base64: '' }, ''],
  [{ base64: 'w6k=' }, 'é'],
])('%j is taken', (value, text) => {
  expect(new TextDecoder().decode(bytesFromJson(value, 'value')!)).toBe(text)
})

test('null and nothing are no bytes', () => {
  expect([bytesFromJson(null, 'value'), bytesFromJson(undefined, 'value'), bytesToJson(null)]).toEqual([
    null,
    null,
    null,
  ])
})

test.each([
  [5, 'a number'],
  [0, 'a number'],
  [true, 'a boolean'],
  [false, 'a boolean'],
  [[], 'an array'],
  [['w6k='], 'an array'],
  [{}, 'an object'],
  [{ base64: 'w6k=', more: 1 }, 'an object'],
  [{ text: 'a' }, 'an object'],
])('%j is refused under the name of its type', (value, name) => {
  expect(nameOf(value)).toBe(name)
  expect(() => bytesFromJson(value, 'records[3].value')).toThrow(
    expect.objectContaining({
      code: 'INVALID_RECORD',
      message: expect.stringContaining(`records[3].value is ${name};`),
    }),
  )
})

test.each(['\ud800', { base64: 5 }, { base64: 'w6k' }, { base64: 'w6k?' }, { base64: 'w=k=' }])(
  '%j is refused',
  (value) => {
    expect(() => bytesFromJson(value, 'key')).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
  },
)

test('bytes that are not UTF-8 come as base64, and back', () => {
  const bytes = Uint8Array.of(0xff, 0, 1)
  expect(bytesToJson(bytes)).toEqual({ base64: '/wAB' })
  expect(bytesFromJson(bytesToJson(bytes), 'value')).toEqual(Buffer.from(bytes))
  expect(bytesToJson(new TextEncoder().encode('é'))).toBe('é')
})
