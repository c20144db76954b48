import { expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

test('items leave in the order in which they came, however many', () => {
  const fifo = new Fifo<number>()
  expect([fifo.length, fifo.first, fifo.shift(), fifo.length]).toEqual([0, undefined, undefined, 0])
  let next = 0
  let expected = 0
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 100; i++) fifo.push(next++)
    for (let i = 0; i < 90; i++) {
      expect(fifo.first).toBe(expected)
      expect(fifo.shift()).toBe(expected++)
    }
    expect(fifo.length).toBe(next - expected)
  }
  while (fifo.length > 0) expect(fifo.shift()).toBe(expected++)
  expect(expected).toBe(next)
})

test('after a clear nothing is left, and it goes on', () => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 5; i++) fifo.push(i)
  fifo.shift()
  fifo.clear()
  expect([fifo.length, fifo.first]).toEqual([0, undefined])
  fifo.push(7)
  expect([fifo.length, fifo.first, fifo.shift()]).toEqual([1, 7, 7])
})
