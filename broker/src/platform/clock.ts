/** A timer that can be cancelled. */
export interface TimerHandle {
  cancel(): void
}

/** Time, passed in so that a simulator can own it. */
export interface Clock {
  /** Whole milliseconds since 1970 in UTC; may jump. For timestamps that people see. */
  now(): number
  /** Milliseconds of a clock that never goes back. For durations and deadlines. */
  monotonic(): number
  /** Calls once, after `ms` milliseconds at least. */
  after(ms: number, call: () => void): TimerHandle
  /** Calls again and again, about every `ms` milliseconds; the first call may come sooner. */
  every(ms: number, call: () => void): TimerHandle
  /** Calls once, when the present events have been handled: the broker's way to gather a turn's work. */
  soon(call: () => void): void
}
