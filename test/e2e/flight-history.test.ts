import { expect, it } from 'vitest'
import { FlightHistory, type Seen } from './flight-history.ts'

function flight(row: number, key = 'SFO'): { row: number; key: string; value: string } {
  return { row, key, value: JSON.stringify({ row }) }
}

function seen(row: number, offset: number, key = 'SFO'): Seen {
  return { partition: 0, offset, key, value: JSON.stringify({ row }) }
}

function history(): FlightHistory {
  const all = new FlightHistory()
  for (const row of [0, 1, 2]) {
    all.sent(flight(row))
    all.acknowledged(row, { partition: 0, offset: row })
  }
  return all
}

function kinds(records: Seen[]): string[] {
  return [
    ...new Set(
      history()
        .problems('reader', records)
        .map((problem) => problem.split(': ')[1]!),
    ),
  ]
}

it('finds no problem in a whole history, and names each way to break one', () => {
  expect(kinds([seen(0, 0), seen(1, 1), seen(2, 2)])).toEqual([])
  expect(kinds([seen(0, 0), seen(1, 1)])).toEqual(['lost-write'])
  expect(kinds([seen(0, 0), seen(1, 1), seen(2, 2), seen(2, 3)])).toEqual(['duplicate'])
  expect(kinds([seen(0, 0), seen(2, 2)])).toEqual(['poll-skip', 'lost-write'])
  expect(kinds([seen(0, 0), seen(1, 1), seen(1, 1), seen(2, 2)])).toEqual(['nonmonotonic-poll', 'duplicate'])
  expect(kinds([seen(1, 0), seen(0, 1), seen(2, 2)])).toEqual(['reordered', 'inconsistent-offsets'])
  expect(kinds([seen(0, 0), seen(1, 1), seen(2, 2), seen(7, 3)])).toEqual(['phantom'])
  expect(kinds([seen(0, 0), seen(1, 1), { ...seen(2, 2), key: 'LAX' }])).toEqual(['changed'])
})

it('as of a moment misses what was acknowledged until then, and nothing that was sent later', () => {
  const all = history()
  const then = all.untilNow()
  all.sent(flight(3))
  all.acknowledged(3, { partition: 0, offset: 3 })
  const three = [seen(0, 0), seen(1, 1), seen(2, 2)]
  expect(then.problems('reader', three)).toEqual([])
  expect(then.problems('reader', [...three, seen(3, 3)])).toEqual([])
  expect(then.problems('reader', three.slice(1))).not.toEqual([])
  expect(all.problems('reader', three)).not.toEqual([])
})
