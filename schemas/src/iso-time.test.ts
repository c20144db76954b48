import { expect, it } from 'vitest'
import { timeFromIso } from './iso-time.ts'

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

it('refuses what is no time', () => {
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
