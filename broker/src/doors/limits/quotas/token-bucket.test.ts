import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('what is not used is kept up to a bound, what is used too much is made good', () => {
  const bucket = new TokenBucket(2, 100, 0)
  bucket.take(100, 0)
  expect([bucket.waitMs(0), bucket.isFull(0)]).toEqual([0, false])
  bucket.take(50, 0)
  expect([bucket.waitMs(0), bucket.waitMs(10), bucket.waitMs(25)]).toEqual([25, 15, 0])
  expect([bucket.isFull(74), bucket.isFull(75), bucket.isFull(1000)]).toEqual([false, true, true])
  bucket.take(101, 1000)
  expect(bucket.waitMs(1000)).toBe(1)
})

test('an amount above what there can be waits for all there can be', () => {
  const bucket = new TokenBucket(1, 10, 0)
  expect([bucket.untilMs(10, 0), bucket.untilMs(1000, 0)]).toEqual([0, 0])
  bucket.take(4, 0)
  expect([bucket.untilMs(6, 0), bucket.untilMs(7, 0), bucket.untilMs(1000, 0)]).toEqual([0, 1, 4])
  bucket.take(-4, 0)
  expect(bucket.isFull(0)).toBe(true)
})
