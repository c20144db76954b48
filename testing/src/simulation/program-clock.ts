import type { Timer } from '@tailrace/client'

/** The time that the code of a program sees. */
export interface ProgramClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number
  /** Calls once, after `ms` milliseconds. */
  setTimeout(call: () => void, ms: number): Timer
  /** Resolves after `ms` milliseconds. */
  delay(ms: number): Promise<void>
}
