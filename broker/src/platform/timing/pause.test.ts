import { expect, test } from 'vitest'
import { ManualClock, settled } from '../testing/clock.ts'
import { pause } from './pause.ts'

/** Whether the pause of 100 ms is over. */
async function paused(clock: ManualClock, signal?: AbortSignal) {
  const state = { over: false }
  void pause(clock, 100, signal).then(() => {
    state.over = true
  })
  await settled()
  return state
}

test('a pause ends after its time', async () => {
  const clock = new ManualClock()
  const state = await paused(clock)
  await clock.advance(99)
  expect(state.over).toBe(false)
  await clock.advance(1)
  expect(state.over).toBe(true)
})

test('a pause ends when its signal fires, or does not begin when it has fired', async () => {
  const clock = new ManualClock()
  const stop = new AbortController()
  const state = await paused(clock, stop.signal)
  expect(state.over).toBe(false)
  stop.abort()
  await settled()
  expect(state.over).toBe(true)
  expect((await paused(clock, stop.signal)).over).toBe(true)
})
