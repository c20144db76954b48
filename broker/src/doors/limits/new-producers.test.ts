import { expect, test } from 'vitest'
import { NewProducers } from './new-producers.ts'

test('a client gets so many ids at once, then one in a while, and takes none from others', () => {
  const producers = new NewProducers({ producersAtOnce: 3, producerEveryMs: 100 })
  const taken = (client: string, now: number): boolean => {
    try {
      producers.take(client, now)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'TOO_MANY_PRODUCERS', retriable: true })
      return false
    }
  }
  expect([1, 2, 3, 4, 5].map(() => taken('a', 1000))).toEqual([true, true, true, false, false])
  expect(taken('b', 1000)).toBe(true)
  expect([taken('a', 1099), taken('a', 1100), taken('a', 1100)]).toEqual([false, true, false])
  expect([1, 2, 3, 4].map(() => taken('a', 9000))).toEqual([true, true, true, false])
})
