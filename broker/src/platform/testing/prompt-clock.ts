import type { Clock } from '../clock.ts'

const never = { cancel: () => {} }

/**
 * Time stands still and no timer ever fires; `soon` is after the present promises. For tests that a disk in memory
 * drives.
 */
export const promptClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => never,
  every: () => never,
  soon: (call) => void Promise.resolve().then(call),
}
