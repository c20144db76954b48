import type { Clock, TimerHandle } from '../clock.ts'
import { SharedIntervals } from '../timing/shared-intervals.ts'

/** setTimeout treats anything longer as 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** Rounded up, because Node cuts fractions and would call too early. */
function delay(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LONGEST_DELAY_MS)
}

/** Shorter intervals begin when they are set. */
const SHARED_FROM_MS = 1_000

const monotonic = (): number => performance.now()

function after(ms: number, call: () => void): TimerHandle {
  const timer = setTimeout(call, delay(ms))
  return { cancel: () => clearTimeout(timer) }
}

const shared = new SharedIntervals({ monotonic, after })

/** The machine's time. `soon` runs in the event loop's check phase: after every present socket and file event. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic,
  after,
  every(ms, call) {
    if (ms >= SHARED_FROM_MS) return shared.every(delay(ms), call)
    const timer = setInterval(call, delay(ms))
    return { cancel: () => clearInterval(timer) }
  },
  soon(call) {
    setImmediate(call)
  },
}
