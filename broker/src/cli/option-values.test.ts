import { expect, it } from 'vitest'
import { UsageError } from './command-failure.ts'
import { parseEnd, parsePartitions, parsePosition } from './option-values.ts'

it.each([
  ['earliest', 'earliest'],
  ['latest', 'latest'],
  ['0', 0],
  ['1500', 1500],
  ['2026-01-31', new Date('2026-01-31T00:00:00Z')],
  ['2026-01-31T12:00:00Z', new Date('2026-01-31T12:00:00Z')],
  ['2026-01-31T12:00', new Date('2026-01-31T12:00:00Z')],
  ['2026-01-31T12:00:00.5+02:00', new Date('2026-01-31T10:00:00.500Z')],
])('--from %s', (text, position) => {
  expect(parsePosition(text)).toEqual(position)
})

it.each(['', 'first', '-1', '1.5', '9'.repeat(20), '2026-13-01', 'Jan 31 2026'])(
  '--from %j is refused with what would be valid',
  (text) => {
    expect(() => parsePosition(text)).toThrow(UsageError)
    expect(() => parsePosition(text)).toThrow('earliest, latest, an offset')
  },
)

it('reads partitions', () => {
  expect(parsePartitions('3')).toEqual([3])
  expect(parsePartitions('0, 2,2')).toEqual([0, 2])
  for (const text of ['', 'a', '1,', '-1', '1.5']) expect(() => parsePartitions(text)).toThrow(UsageError)
})

it.each([
  ['end', 'end'],
  ['1500', 1500],
  ['2026-01-31T12:00:00Z', new Date('2026-01-31T12:00:00Z')],
])('--until %s is %s', (text, end) => expect(parseEnd(text)).toEqual(end))

it.each(['earliest', 'latest', 'soon', ''])('--until %j is refused', (text) => {
  expect(() => parseEnd(text)).toThrow('end, an offset')
})
