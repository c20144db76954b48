import { expect, test } from 'vitest'
import { avroText } from './decode.ts'
import { parseSchema } from './schema.ts'

const flight = parseSchema(
  JSON.stringify({
    type: 'record',
    name: 'Flight',
    namespace: 'air',
    fields: [
      { name: 'number', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'from', type: { type: 'enum', name: 'Place', symbols: ['SFO', 'JFK'] } },
      { name: 'to', type: ['null', 'Place'] },
      { name: 'delays', type: { type: 'array', items: 'int' } },
      { name: 'notes', type: { type: 'map', values: 'string' } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
      { name: 'onTime', type: 'boolean' },
      { name: 'fuel', type: 'double' },
      { name: 'next', type: ['null', 'air.Flight'] },
    ],
  }),
)
// By field; the number is 2^53 + 1 in zigzag, the delays are a block of two with its size and one of one.
const encoded = [
  '8280808080808020',
  '02',
  '0200',
  '03040201020600',
  '02026104686900',
  'ff41',
  '01',
  '000000000000f83f',
  '00',
].join('')
const bytes = [...Buffer.from(encoded, 'hex')]
const text =
  '{"number":9007199254740993,"from":"JFK","to":"SFO","delays":[1,-1,3],"notes":{"a":"hi"},"hash":"ÿA","onTime":true,"fuel":1.5,"next":null}'

test('a value is read by its schema, numbers with all their digits', () => {
  expect(avroText(Uint8Array.from(bytes), flight)).toBe(text)
})

test('the header of a registry or of a single object is skipped', () => {
  expect(avroText(Uint8Array.from([0, 0, 0, 0, 7, ...bytes]), flight)).toBe(text)
  expect(avroText(Uint8Array.from([0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, ...bytes]), flight)).toBe(text)
  expect(avroText(Uint8Array.from([0]), parseSchema('"int"'))).toBe('0')
})

test.each<[string, string, number[], RegExp]>([
  ['is too short', '"string"', [0x08, 0x61], /no length|too early/],
  ['is too long', '"boolean"', [1, 1], /1 bytes are left over/],
  ['has another choice', '["null"]', [2], /no choice 1/],
  ['is no number', '"long"', Array(11).fill(0xff), /too long/],
  ['claims a long list', '{"type":"array","items":"null"}', [0xfe, 0xff, 0xff, 0xff, 0x0f], /too many values/],
  ['never ends', '{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}', [1], /too many values/],
  ['is no text', '"string"', [2, 0xff], /./],
])('what %s is refused', (_name, schema, given, error) => {
  expect(() => avroText(Uint8Array.from(given), parseSchema(schema))).toThrow(error)
})

test.each<[string, RegExp]>([
  ['{"type":"record","name":"A"}', /A has no fields/],
  ['"Flight"', /no type Flight/],
  ['12', /is no schema/],
  ['{', /JSON/],
])('%s is no schema', (given, error) => {
  expect(() => parseSchema(given)).toThrow(error)
})
