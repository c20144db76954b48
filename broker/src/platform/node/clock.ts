import type { Clock } from '../clock.ts'

/** setTimeout treats anything longer as 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** Rounded up, because Node cuts fractions and would call too early. */
function delay(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LONGEST_DELAY_MS)
}

/** The machine's time. `soon` runs in the event loop's check phase: after every present socket and file event. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, delay(ms))
    return { cancel: () => clearTimeout(timer) }
  },
  every(ms, call) {
    const timer = setInterval(call, delay(ms))
    return { cancel: () => clearInterval(timer) }
  },
  soon(call) {
    setImmediate(call)
  },
}
