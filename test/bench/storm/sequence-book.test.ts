import { expect, test } from 'vitest'
import { SequenceBook } from './sequence-book.ts'

function bookOf(first: number, numbers: readonly number[]): SequenceBook {
  const book = new SequenceBook(first)
  for (const number of numbers) book.take(number)
  return book
}

test('a whole stream has nothing missed and nothing doubled', () => {
  const book = bookOf(5, [5, 6, 7])
  expect([book.missedBelow(8), book.doubled, book.late]).toEqual([0, 0, 0])
})

test('a gap counts as missed until it is filled, and then as late', () => {
  const book = bookOf(0, [0, 3])
  expect(book.missedBelow(4)).toBe(2)
  book.take(1)
  expect([book.missedBelow(4), book.doubled, book.late]).toEqual([1, 0, 1])
})

test('what comes a second time is doubled, also where it filled a gap', () => {
  const book = bookOf(0, [0, 2, 1, 1, 2, 0])
  expect([book.missedBelow(3), book.doubled, book.late]).toEqual([0, 3, 1])
})

test('what was due before the first and behind the last record that came is missed', () => {
  expect(bookOf(10, [12, 13]).missedBelow(20)).toBe(8)
  expect(bookOf(10, []).missedBelow(20)).toBe(10)
})

test('a record from before the first one is doubled', () => {
  expect(bookOf(10, [9, 10]).doubled).toBe(1)
})
