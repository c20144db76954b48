import type { Clock } from '../../broker/src/platform/clock.ts'

const never = { cancel: () => {} }

/** Time stands still and no timer ever fires; `soon` is after the promises at hand. For tests that a disk in memory drives. */
export const promptClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => never,
  every: () => never,
  soon: (call) => void Promise.resolve().then(call),
}

/** Lets all promises run that have become ready, and those that follow from them. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
