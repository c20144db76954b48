import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { CopyThrottle } from './copy-throttle.ts'

/** When each of the pieces, all asked for at once or by copies side by side, has passed. */
async function passedAt(bytesPerSecond: number, pieces: readonly (readonly number[])[]): Promise<number[][]> {
  const clock = new ManualClock()
  const throttle = new CopyThrottle(clock, bytesPerSecond)
  const from = clock.monotonic()
  const times = pieces.map(async (copy) => {
    const passed: number[] = []
    for (const bytes of copy) {
      await throttle.take(bytes)
      passed.push(clock.monotonic() - from)
    }
    return passed
  })
  await clock.advance(60_000)
  return Promise.all(times)
}

test('M54: pieces of a copy pass at the rate, the first one at once', async () => {
  expect(await passedAt(1000, [[500, 500, 250, 1000, 1]])).toEqual([[0, 500, 1000, 1250, 2250]])
})

test('M54: copies side by side share it', async () => {
  expect(
    await passedAt(1000, [
      [500, 500],
      [500, 500],
    ]),
  ).toEqual([
    [0, 1000],
    [500, 1500],
  ])
})

test('M54: bytes that were not used in a pause are not saved up', async () => {
  const clock = new ManualClock()
  const throttle = new CopyThrottle(clock, 1000)
  await throttle.take(500)
  await clock.advance(10_000)
  await throttle.take(500)
  const from = clock.monotonic()
  let passed = -1
  void throttle.take(1).then(() => {
    passed = clock.monotonic() - from
  })
  await clock.advance(1000)
  expect(passed).toBe(500)
})

test('0 is no limit', async () => {
  expect(await passedAt(0, [[1e9, 1e9]])).toEqual([[0, 0]])
})
