import { expect, it } from 'vitest'
import { matchesFilter, wantedHeader } from './record-filter.ts'

const record = {
  partition: 0,
  offset: 0,
  timestamp: 0,
  key: Buffer.from('SFO'),
  value: null,
  headers: { source: Buffer.from('faa'), twice: ['a', Buffer.from('b')], none: null, 'a=b': 'c' },
}
const matches = (keys: string[], ...headers: string[]) =>
  matchesFilter(record, { keys, headers: headers.map(wantedHeader) })

it('takes records with one of the keys', () => {
  expect([matches([]), matches(['SFO']), matches(['JFK', 'SFO']), matches(['SF']), matches([''])]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  expect(matchesFilter({ ...record, key: null }, { keys: [''], headers: [] })).toBe(false)
  expect(matchesFilter({ ...record, key: 'text' }, { keys: ['text'], headers: [] })).toBe(true)
})

it('takes records with all of the headers, each by one of its values, or by its name alone', () => {
  expect([
    matches([], 'source=faa'),
    matches([], 'twice=a', 'twice=b'),
    matches([], 'none'),
    matches([], 'source'),
  ]).toEqual([true, true, true, true])
  expect([
    matches([], 'source=fa'),
    matches([], 'source=faa', 'other'),
    matches([], 'toString'),
    matches([], 'none='),
  ]).toEqual([false, false, false, false])
})
