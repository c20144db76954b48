import { expect, it } from 'vitest'
import { positionFrom } from './position.ts'

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
