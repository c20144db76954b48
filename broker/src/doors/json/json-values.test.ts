import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkValues } from './json-values.ts'

const check = (text: string, most: number) => () => checkValues(Buffer.from(text), most)

describe('values of a text', () => {
  it.each([
    ['[1,2,3,4,5,6]', 6],
    ['[{},{},{},{}]', 8],
    ['[[[[[[[]]]]]]]', 7],
    ['{"a":1,"b":[2,3],"c":"x"}', 5],
    ['["a,b,c[{","\\",,,,","\\\\",1]', 4],
  ])('%s has %i', (text, count) => {
    expect(check(text, count)).not.toThrow()
    // The text is longer than the number, so that it is looked at.
    expect(check(text, count - 1)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('are not counted within strings, however they are escaped', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 20 }),
        (strings) => {
          const text = JSON.stringify(strings.map((string) => `${string},[{"\\`))
          expect(check(text, strings.length)).not.toThrow()
          expect(check(text, strings.length - 1)).toThrow(/values/)
        },
      ),
    )
  })

  it('are left to the parser where a string has no end', () => {
    expect(check('["a,,,,,,,,', 2)).not.toThrow()
  })
})

test('the largest publish fits: 100,000 records with all fields, and as many headers', () => {
  const record = { key: 'k', value: 'v', headers: { h: 'x' }, partition: 0, timestamp: 1 }
  const records = Array.from({ length: 100_000 }, () => record)
  expect(() => checkValues(Buffer.from(JSON.stringify({ records })))).not.toThrow()
})
