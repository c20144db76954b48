import { expect, test } from 'vitest'
import type { Clock } from '../../platform/clock.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { Ticker } from './ticker.ts'

const TICK_MS = 100

function plain(clock: ManualClock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, call) => clock.after(ms, call),
    every: (ms, call) => clock.every(ms, call),
    soon: (call) => clock.soon(call),
  }
}

/** A ticker and a clock that fires no timers, as in a process whose event loop is busy or that stands still. */
function paced(): { after: (ms: number) => Promise<string> } {
  const clock = new ManualClock()
  let fed = ''
  const ticker = new Ticker(
    clock,
    TICK_MS,
    () => (fed += 't'),
    () => (fed += 'S'),
  )
  ticker.cancel()
  const after = async (ms: number): Promise<string> => {
    await clock.advance(ms, () => Promise.resolve())
    fed = ''
    ticker.catchUp()
    return fed
  }
  return { after }
}

test('a timer feeds one tick each time', async () => {
  const clock = new ManualClock()
  let ticks = 0
  const ticker = new Ticker(
    clock,
    TICK_MS,
    () => ticks++,
    () => expect.unreachable(),
  )
  await clock.advance(1000, () => Promise.resolve())
  expect(ticks).toBe(10)
  ticker.cancel()
  await clock.advance(1000, () => Promise.resolve())
  expect(ticks).toBe(10)
})

test('timers that come late each time feed one tick each time', async () => {
  const clock = new ManualClock()
  const late: Clock = { ...plain(clock), after: (ms, call) => clock.after(ms + 7, call) }
  const fedAt: number[] = []
  const ticker = new Ticker(
    late,
    TICK_MS,
    () => fedAt.push(clock.monotonic()),
    () => expect.unreachable(),
  )
  await clock.advance(10_000, () => Promise.resolve())
  ticker.cancel()
  expect(fedAt).toEqual(Array.from({ length: 99 }, (_, tick) => (tick + 1) * TICK_MS + 7))
})

test('timers that come a little late feed as many ticks as have passed', async () => {
  const { after } = paced()
  let fed = ''
  for (let call = 0; call < 1000; call++) fed += await after(107)
  expect(fed).toBe('t'.repeat(1070))
})

test('a look between two ticks feeds none, and the next tick after a late one comes earlier', async () => {
  const { after } = paced()
  expect([await after(99), await after(1), await after(250), await after(50)]).toEqual(['', 't', 'tt', 't'])
})

test('a process that stood still for long is told so before its tick', async () => {
  const { after } = paced()
  expect([await after(100), await after(60_000), await after(100)]).toEqual(['t', 'St', 't'])
})

test('nobody needs the ticks: one timer for several, and at once every tick when somebody does', async () => {
  const clock = new ManualClock()
  const fedAt: number[] = []
  const ticker = new Ticker(
    clock,
    TICK_MS,
    () => fedAt.push(clock.monotonic()),
    () => expect.unreachable(),
    () => 8,
  )
  await clock.advance(1000, () => Promise.resolve())
  expect(fedAt).toEqual([100, ...Array.from({ length: 8 }, () => 900)])
  await clock.advance(350, () => Promise.resolve())
  ticker.hurry()
  expect(fedAt.slice(9)).toEqual([1350, 1350, 1350, 1350])
  // The half of a tick that had passed is not lost.
  await clock.advance(50, () => Promise.resolve())
  expect(fedAt.slice(13)).toEqual([1400])
  ticker.cancel()
})

/** A ticker that waits for eight ticks until `needed`; `onTick` is called with the number of each. */
async function striding(onTick: (tick: number, ticker: Ticker) => void): Promise<{
  readonly ticker: Ticker
  readonly advance: (ms: number) => Promise<number>
}> {
  const clock = new ManualClock()
  let ticks = 0
  let needed = false
  const ticker: Ticker = new Ticker(
    clock,
    TICK_MS,
    () => onTick(++ticks, ticker),
    () => expect.unreachable(),
    () => (needed ? 1 : 8),
  )
  const hurry = ticker.hurry.bind(ticker)
  ticker.hurry = () => {
    needed = true
    hurry()
  }
  const advance = async (ms: number): Promise<number> => {
    const before = ticks
    await clock.advance(ms, () => Promise.resolve())
    return ticks - before
  }
  await advance(TICK_MS)
  return { ticker, advance }
}

test('somebody whom a tick of a look wakes gets every tick from then on', async () => {
  const { ticker, advance } = await striding((tick, own) => {
    if (tick === 3) own.hurry()
  })
  await advance(250)
  ticker.catchUp()
  expect([await advance(50), await advance(100), await advance(100)]).toEqual([1, 1, 1])
  ticker.cancel()
})

test('somebody whom a tick of a timer wakes gets every tick once', async () => {
  const { ticker, advance } = await striding((tick, own) => {
    if (tick === 9) own.hurry()
  })
  expect([await advance(700), await advance(100), await advance(100), await advance(100)]).toEqual([0, 8, 1, 1])
  ticker.cancel()
})

test('a tick that throws in a look does not keep anybody from hurrying later', async () => {
  const { ticker, advance } = await striding((tick) => {
    if (tick === 3) throw new Error('broken')
  })
  await advance(250)
  expect(() => ticker.catchUp()).toThrow('broken')
  ticker.hurry()
  expect([await advance(50), await advance(100)]).toEqual([1, 1])
  ticker.cancel()
})
