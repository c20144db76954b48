import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { OpeningPace } from './opening-pace.ts'

test('waits while many replicas are awake, and goes on when they sleep', async () => {
  const clock = new ManualClock(0)
  const groups = { awake: 999 }
  let asked = 0
  const pace = new OpeningPace(groups, clock, () => void (asked += 1))
  expect(pace.mayOpen()).toBe(true)
  groups.awake = 1_000
  expect([pace.mayOpen(), pace.mayOpen()]).toEqual([false, false])
  await clock.advance(100, async () => {})
  expect(asked).toBe(1)
  expect(pace.mayOpen()).toBe(false)
  groups.awake = 0
  expect(pace.mayOpen()).toBe(true)
})

test('opens a few in any case when they stay awake', async () => {
  const clock = new ManualClock(0)
  const pace = new OpeningPace({ awake: 5_000 }, clock, () => {})
  let opened = 0
  for (let ms = 0; ms <= 3_000; ms += 25) {
    while (pace.mayOpen()) opened += 1
    await clock.advance(25, async () => {})
  }
  expect(opened).toBeGreaterThan(8 * 128)
  expect(opened).toBeLessThan(11 * 128)
})
