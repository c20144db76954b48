import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrayOf, behindMessages, isBoundary, messagesOf } from './json-messages.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

describe('messages of a body', () => {
  it.each([
    ['{"a":1}', '{"a":1},'],
    [' [ {"a":1} , "x,]" ] ', '{"a":1},"x,]",'],
    ['[[1,2],[3]]', '[1,2],[3],'],
    ['[[[1,2,3]]]', '[[1,2,3]],'],
    ['"\\",["', '"\\",[",'],
    ['12345678901234567890.10', '12345678901234567890.10,'],
    ['[]', ''],
    ['[ ]', ''],
    ['null', 'null,'],
  ])('%s', (body, stored) => {
    expect(text(messagesOf(bytes(body)))).toBe(stored)
  })

  it.each(['', '{', '[1,]', '{"a":1}{"b":2}', 'undefined', '\u{feff}1'])('%s is none', (body) => {
    expect(() => messagesOf(bytes(body))).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('bytes that are not UTF-8 are none', () => {
    const body = new Uint8Array([0x22, 0xff, 0x22])
    expect(() => messagesOf(body)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('are what JSON has, in one array, however it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.constantFrom(0, 1, 3), (values, space) => {
        const stored = messagesOf(bytes(JSON.stringify(values, null, space)))
        expect(JSON.parse(text(arrayOf(stored)))).toEqual(JSON.parse(JSON.stringify(values)))
        for (let count = 0; count <= values.length; count++) {
          const at = behindMessages(stored, count)
          expect(isBoundary(stored, at)).toBe(true)
          expect(JSON.parse(text(arrayOf(stored.subarray(0, at))))).toHaveLength(count)
        }
        expect(behindMessages(stored, values.length + 1)).toBe(-1)
        expect(isBoundary(stored, stored.length - 1)).toBe(false)
      }),
    )
  })
})

it('no messages are an empty array', () => {
  expect(text(arrayOf(new Uint8Array(0)))).toBe('[]')
})
