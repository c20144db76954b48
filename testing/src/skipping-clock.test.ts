import { nodeClock } from 'tailrace/embedded'
import { expect, test } from 'vitest'
import { SkippingClock } from './skipping-clock.ts'

test('timers fire in the order of their deadlines, at their time, with what follows from them', async () => {
  const clock = new SkippingClock(nodeClock)
  const begun = clock.monotonic()
  const fired: [string, number][] = []
  const mark = (name: string) => fired.push([name, Math.floor((clock.monotonic() - begun) / 1000)])
  clock.after(60_000, () => mark('minute'))
  clock.after(10_000, () => {
    mark('first')
    clock.after(20_000, () => mark('follows'))
    clock.soon(() => mark('soon'))
  })
  clock.after(90_001, () => mark('too late'))
  clock.after(5_000, () => mark('cancelled')).cancel()
  await clock.skip(90_000)
  expect(fired).toEqual([
    ['first', 10],
    ['soon', 10],
    ['follows', 30],
    ['minute', 60],
  ])
  expect(clock.monotonic() - begun).toBeGreaterThanOrEqual(90_000)
})

test('a timer that repeats fires as often as the time has passed, until it is cancelled', async () => {
  const clock = new SkippingClock(nodeClock)
  let times = 0
  const timer = clock.every(1_000, () => times++)
  await clock.skip(60_500)
  expect(times).toBe(60)
  timer.cancel()
  await clock.skip(60_000)
  expect(times).toBe(60)
})

test('a timer behind the time skipped waits for the rest of its time alone', async () => {
  const clock = new SkippingClock(nodeClock)
  const fired = new Promise<void>((resolve) => clock.after(60_010, resolve))
  await clock.skip(60_000)
  await fired
})

test('the time of day is in whole milliseconds, wherever a skip has ended', async () => {
  const clock = new SkippingClock(nodeClock)
  for (let at = 0; at < 20; at++) {
    clock.after(10 + Math.random(), () => expect(Number.isInteger(clock.now())).toBe(true))
    await clock.skip(20 + Math.random())
    expect(Number.isInteger(clock.now())).toBe(true)
  }
})
