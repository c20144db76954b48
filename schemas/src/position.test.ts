import { expect, it } from 'vitest'
import { positionFrom, timeFromIso } from './position.ts'

const may = Date.UTC(2026, 4, 1)

it.each([
  ['earliest', { kind: 'EARLIEST', value: 0 }],
  ['latest', { kind: 'LATEST', value: 0 }],
  [12, { kind: 'OFFSET', value: 12 }],
  ['12', { kind: 'OFFSET', value: 12 }],
  ['2026', { kind: 'OFFSET', value: 2026 }],
  [String(Number.MAX_SAFE_INTEGER), { kind: 'OFFSET', value: Number.MAX_SAFE_INTEGER }],
  [new Date(may), { kind: 'TIME', value: may }],
  ['2026-05-01', { kind: 'TIME', value: may }],
  ['2026-05-01T00:00', { kind: 'TIME', value: may }],
  ['2026-05-01 02:00:00+02:00', { kind: 'TIME', value: may }],
])('%j is a position, the same in every time zone', (given, position) => {
  expect(positionFrom(given)).toEqual(position)
})

it.each([
  '',
  ' ',
  'first',
  '-1',
  '1.5',
  '+1',
  '1e3',
  '0x10',
  '9'.repeat(16),
  '9'.repeat(30),
  '2026-05',
  '2026-13-01',
  '2026-02-30',
  '05/01/2026',
  'May 1 2026',
  '2026-05-01T25:00Z',
  'now',
  'LATEST',
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  null,
  undefined,
  true,
  {},
  [],
  new Date(Number.NaN),
])('%j is none', (given) => {
  expect(positionFrom(given)).toBeNull()
})

it('reads times as the platform does', () => {
  const times = [
    '1970-01-01T00:00:00Z',
    '2000-02-29',
    '2026-03-01T12:34:56.789Z',
    '2024-12-31T23:59:59+05:30',
    '1969-12-31T23:59:59.5Z',
    '2100-03-01T00:00-0130',
    '0001-01-01',
  ]
  for (const time of times) expect([time, timeFromIso(time)]).toEqual([time, Date.parse(time)])
  expect(timeFromIso('2026-03-01T12:34')).toBe(Date.parse('2026-03-01T12:34Z'))
  expect(timeFromIso('2026-03-01 12:34:56,123456Z')).toBe(Date.parse('2026-03-01T12:34:56.123Z'))
})

it('agrees on every day of four centuries', () => {
  for (let day = Date.UTC(1890, 0, 1); day < Date.UTC(2290, 0, 1); day += 86_400_000) {
    const text = new Date(day).toISOString().slice(0, 10)
    if (timeFromIso(text) !== day) expect([text, timeFromIso(text)]).toEqual([text, day])
  }
})

it('refuses text that is no time', () => {
  for (const text of [
    '',
    'earliest',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-01T24:00',
    '2026-01-01T10:60Z',
    '26-1-1',
    '2026-01-01T10:00:00Zulu',
  ]) {
    expect([text, timeFromIso(text)]).toEqual([text, null])
  }
})
