import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Inflights } from './inflights.ts'

test('is full by count, and by bytes once something is in flight', () => {
  const window = new Inflights(3, 100)
  expect(window.full).toBe(false)
  window.add(1, 500)
  expect(window.full).toBe(true)
  window.freeTo(1)
  for (const index of [2, 3, 4]) window.add(index, 1)
  expect(window.full).toBe(true)
  window.freeTo(2)
  expect(window.full).toBe(false)
})

test('is full with exactly the bytes that may be in flight, and not with one less', () => {
  for (const [bytes, full] of [
    [99, false],
    [100, true],
  ] as const) {
    const window = new Inflights(3, 100)
    window.add(1, bytes)
    expect(window.full).toBe(full)
  }
})

test('a window of one is the serial mode', () => {
  const window = new Inflights(1, 100)
  window.add(7, 1)
  expect(window.full).toBe(true)
  window.freeTo(6)
  expect(window.full).toBe(true)
  window.freeTo(9)
  expect(window.full).toBe(false)
})

test('behaves like a list of appends', () => {
  const steps = fc.array(fc.record({ free: fc.boolean(), amount: fc.integer({ min: 1, max: 5 }) }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (script) => {
      const window = new Inflights(11, 40)
      let list: { last: number; bytes: number }[] = []
      let last = 0
      for (const { free, amount } of script) {
        if (free) {
          const to = last - amount
          window.freeTo(to)
          list = list.filter((append) => append.last > to)
        } else if (!window.full) {
          last += amount
          window.add(last, amount)
          list.push({ last, bytes: amount })
        }
        const bytes = list.reduce((sum, append) => sum + append.bytes, 0)
        expect([window.count, window.bytes]).toEqual([list.length, bytes])
        expect(window.full).toBe(list.length === 11 || (list.length > 0 && bytes >= 40))
      }
    }),
  )
})
