import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'

test('gives its items in order, however they were added', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (numbers) => {
      const heap = new Heap<number>((a, b) => a - b)
      for (const number of numbers) heap.push(number)
      expect(heap.first).toBe(numbers.length === 0 ? undefined : Math.min(...numbers))
      const taken = numbers.map(() => heap.pop())
      expect(taken).toEqual([...numbers].sort((a, b) => a - b))
      expect(heap.pop()).toBeUndefined()
    }),
  )
})

test('compares two items so often as the logarithm of their number', () => {
  let compared = 0
  const heap = new Heap<number>((a, b) => {
    compared++
    return a - b
  })
  const items = 2 ** 14
  for (let n = 0; n < items; n++) heap.push((n * 7919) % items)
  const taken = Array.from({ length: items }, () => heap.pop())
  expect(taken).toEqual(taken.map((_, at) => at))
  expect(compared).toBeLessThan(3 * items * 14)
})
