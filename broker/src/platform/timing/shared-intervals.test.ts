import { expect, it } from 'vitest'
import { ManualClock } from '../testing/clock.ts'
import { SharedIntervals } from './shared-intervals.ts'

function opened() {
  const clock = new ManualClock()
  const wakes: number[] = []
  const intervals = new SharedIntervals({
    monotonic: () => clock.monotonic(),
    after: (ms, call) =>
      clock.after(ms, () => {
        wakes.push(clock.monotonic())
        call()
      }),
  })
  const calls: string[] = []
  const every = (ms: number) => intervals.every(ms, () => calls.push(`${ms} at ${clock.monotonic()}`))
  return { clock, wakes, intervals, calls, every }
}

it('wakes once for all intervals that are due together, whenever they were set', async () => {
  const { clock, wakes, calls, every } = opened()
  await clock.advance(130)
  every(1_000)
  await clock.advance(300)
  every(2_000)
  await clock.advance(3_570)
  expect(wakes).toEqual([1_000, 2_000, 3_000, 4_000])
  expect(calls).toEqual([
    '1000 at 1000',
    '1000 at 2000',
    '2000 at 2000',
    '1000 at 3000',
    '1000 at 4000',
    '2000 at 4000',
  ])
})

it('begins a shorter interval in time while a longer one is awaited', async () => {
  const { clock, calls, every } = opened()
  every(5_000)
  await clock.advance(100)
  every(1_000)
  await clock.advance(900)
  expect(calls).toEqual(['1000 at 1000'])
})

it('calls no more what is cancelled, by itself or by another of the same turn, and waits for nothing at the end', async () => {
  const { clock, wakes, intervals, calls, every } = opened()
  const others: { cancel(): void }[] = []
  const first = intervals.every(1_000, () => {
    first.cancel()
    for (const other of others) other.cancel()
  })
  others.push(every(1_000))
  await clock.advance(10_000)
  expect([calls, wakes]).toEqual([[], [1_000]])
})

it('calls once after a time in which the process stood still', async () => {
  let now = 0
  let wake = (): void => {}
  const intervals = new SharedIntervals({
    monotonic: () => now,
    after: (_, call) => {
      wake = call
      return { cancel: () => {} }
    },
  })
  let calls = 0
  intervals.every(1_000, () => calls++)
  now = 60_400
  wake()
  wake()
  now = 61_000
  wake()
  expect(calls).toBe(2)
})

it('goes on with the others when a call throws', async () => {
  let now = 0
  const timers: (() => void)[] = []
  const intervals = new SharedIntervals({
    monotonic: () => now,
    after: (_, call) => {
      timers.push(call)
      return { cancel: () => {} }
    },
  })
  const calls: number[] = []
  intervals.every(1_000, () => {
    throw new Error('a fault')
  })
  intervals.every(1_000, () => calls.push(now))
  now = 1_000
  expect(() => timers.pop()!()).toThrow('a fault')
  timers.pop()!()
  expect(calls).toEqual([1_000])
})

it('takes a timer that comes a fraction of a millisecond too soon for one in time, and calls once', () => {
  let now = 0
  const waits: number[] = []
  let wake = (): void => {}
  const intervals = new SharedIntervals({
    monotonic: () => now,
    after: (ms, call) => {
      waits.push(ms)
      wake = call
      return { cancel: () => {} }
    },
  })
  let calls = 0
  intervals.every(1_000, () => calls++)
  now = 999.5
  wake()
  expect([calls, waits]).toEqual([1, [1_000, 1_000.5]])
})
