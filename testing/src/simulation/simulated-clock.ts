import type { Clock, TimerHandle } from 'tailrace/embedded'
import type { EventLoop } from './event-loop.ts'

/** Where simulated time begins. */
export const EPOCH_MS = 1_700_000_000_000

/** The time of the simulated world. */
export function simulatedClock(loop: EventLoop): Clock {
  const after = (ms: number, call: () => void): TimerHandle => loop.after(Math.max(0, ms) * 1000, call)
  return {
    now: () => Math.floor(EPOCH_MS + loop.now / 1000),
    monotonic: () => loop.now / 1000,
    after,
    every(ms, call) {
      const again = (): void => {
        handle = after(ms, again)
        call()
      }
      let handle = after(ms, again)
      return { cancel: () => handle.cancel() }
    },
    soon: (call) => void after(0, call),
  }
}
