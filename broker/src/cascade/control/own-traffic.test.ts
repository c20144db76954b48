import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { OwnTraffic } from './own-traffic.ts'

test('M89 the rates of the last seconds: a burst counts little, what lasts counts whole', async () => {
  const clock = new ManualClock()
  let bytes = { sent: 500, sentBelow: 100, copied: 50 }
  const traffic = new OwnTraffic(clock, () => bytes)
  expect(traffic.rates()).toEqual({ sentBytesPerSecond: 0, clientBytesPerSecond: 0, copiedBytesPerSecond: 0 })
  const second = async (sent: number, sentBelow: number, copied: number) => {
    bytes = { sent: bytes.sent + sent, sentBelow: bytes.sentBelow + sentBelow, copied: bytes.copied + copied }
    await clock.advance(1_000)
    return traffic.rates()
  }
  expect((await second(20_000, 0, 0)).sentBytesPerSecond).toBeLessThan(1_000)
  for (let n = 0; n < 200; n++) await second(3_000, 2_000, 1_000)
  expect(traffic.rates()).toEqual({
    sentBytesPerSecond: 3_000,
    clientBytesPerSecond: 1_000,
    copiedBytesPerSecond: 1_000,
  })
  // Twice within a moment: the second look sees nothing new.
  bytes = { ...bytes, sent: bytes.sent + 1_000_000 }
  await clock.advance(10)
  expect(traffic.rates().sentBytesPerSecond).toBe(3_000)
})
