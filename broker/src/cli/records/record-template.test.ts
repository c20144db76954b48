import { expect, it } from 'vitest'
import { recordTemplate } from './record-template.ts'

const record = {
  partition: 2,
  offset: 5,
  timestamp: 1_700_000_000_000,
  key: Buffer.from('SFO'),
  value: new Uint8Array([0xff, 0x41]),
  headers: { source: 'faa', twice: ['a', 'b'], none: null },
}
const shown = (template: string) => Buffer.from(recordTemplate(template)(record, 'flights')).toString('latin1')

it.each([
  ['{topic}/{partition}:{offset} {key} {value}', 'flights/2:5 SFO \xffA\n'],
  ['{timestamp} {time}\\t{key}\\n', '1700000000000 2023-11-14T22:13:20.000Z\tSFO\n'],
  ['{key.length},{value.length}', '3,2\n'],
  ['{header.source}|{header.twice}|{header.none}|{header.other}', 'faa|a||\n'],
  ['{headers}', '{"source":"faa","twice":["a","b"],"none":null}\n'],
  ['{value}\\0', '\xffA\0'],
  ['{{{offset}}} \\x \\\\', '{5} \\x \\\n'],
  ['', '\n'],
])('%j gives %j', (template, text) => expect(shown(template)).toBe(text))

it.each([
  ['{keys}', 'there is no field {keys}; known are topic, partition'],
  ['{', 'is written {{'],
  ['a}', 'is written }}'],
  ['{topic.length}', 'there is no field {topic.length}'],
])('%j is refused', (template, problem) => expect(() => recordTemplate(template)).toThrow(problem))
