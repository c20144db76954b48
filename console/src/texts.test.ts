import { expect, test } from 'vitest'
import { count, duration, rate, size, time } from './format.ts'
import { indentedJson } from './pages/json-text.ts'
import { hex, textOf } from './pages/record-detail.tsx'
import { matches } from './pages/record-reading.ts'
import { changesOf, deletesRecords } from './pages/topic-settings.tsx'
import { partsOf } from './route.ts'

test('figures', () => {
  expect([count(1234567), rate(null), rate(0), rate(1.25), rate(1234.5)]).toEqual([
    '1,234,567',
    '–',
    '0',
    '1.3',
    '1,235',
  ])
  expect([size(999), size(1000), size(2_500_000_000)]).toEqual(['999 B', '1.0 KB', '2.5 GB'])
  expect([duration(5), duration(1500), duration(180_000), duration(10_800_000)]).toEqual([
    '5 ms',
    '1.5 s',
    '3 min',
    '3.0 h',
  ])
  expect([time(0), time(-1), time(9e15)]).toEqual(['1970-01-01 00:00:00.000', '–', '9,000,000,000,000,000'])
})

test('the address says which page is seen', () => {
  expect(partsOf('')).toEqual([])
  expect(partsOf('#/topics/a%2Fb/3')).toEqual(['topics', 'a/b', '3'])
  expect(partsOf('#/topics/50%/3')).toEqual(['topics', '50%', '3'])
  expect(partsOf('#main')).toEqual([])
})

test('bytes in hexadecimal', () => {
  expect(hex(new TextEncoder().encode('Tailrace, 17 bytes'))).toBe(
    '000000  54 61 69 6c 72 61 63 65 2c 20 31 37 20 62 79 74  Tailrace, 17 byt\n000010  65 73                                            es',
  )
  expect(hex(new Uint8Array())).toBe('')
})

test('JSON keeps its numbers and names as they are', () => {
  const text = '{"id":9007199254740993,"a":[1.0,{"b":"x, {y}: \\"z\\""}],"id":-0,"none":{},"empty":[ ]}'
  expect(indentedJson(text)).toBe(`{
  "id": 9007199254740993,
  "a": [
    1.0,
    {
      "b": "x, {y}: \\"z\\""
    }
  ],
  "id": -0,
  "none": {},
  "empty": []
}`)
  expect([indentedJson('12'), indentedJson('null'), indentedJson('{"a"'), indentedJson('late')]).toEqual([
    null,
    null,
    null,
    null,
  ])
})

test('a record is found by the text of its key or value', () => {
  const record = { offset: 1, timestamp: 0, key: 'order 7', value: { base64: 'b3JkZXI=' }, headers: {} }
  expect([matches(record, ''), matches(record, 'order'), matches(record, 'b3J'), matches(record, 'x')]).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect([textOf('a'), textOf(null), textOf({ base64: 'b3I=' })]).toEqual(['a', 'null', 'base64 b3I='])
})

test('only what differs is changed; empty is the default again', () => {
  const config = { retentionMs: 1000, readOnly: true }
  expect(changesOf(config, {})).toEqual([])
  expect(changesOf(config, { retentionMs: '1000', maxBatchBytes: '' })).toEqual([])
  expect(
    changesOf(config, { retentionMs: '', readOnly: 'false', retentionBytes: ' 5 ', maxBatchBytes: 'much' }),
  ).toEqual([
    { name: 'retentionMs', before: '1000', after: null },
    { name: 'retentionBytes', before: null, after: 5 },
    { name: 'maxBatchBytes', before: null, after: 'much' },
    { name: 'readOnly', before: 'true', after: false },
  ])
})

test.each([
  ['retentionMs', null, 1000, true],
  ['retentionMs', '2000', 1000, true],
  ['retentionBytes', '2000', 1000, true],
  ['retentionMs', '1000', 2000, false],
  ['retentionBytes', '1000', null, false],
  ['maxBatchBytes', '2000', 1000, false],
] as const)('%s from %s to %s deletes records: %s', (name, before, after, expected) => {
  expect(deletesRecords({ name, before, after })).toBe(expected)
})
