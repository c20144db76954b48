import type { Clock, TimerHandle } from '../../platform/clock.ts'

/**
 * So many ticks are fed at once. More in one go would be an election timeout that no message of the others could
 * interrupt.
 */
const MOST_AT_ONCE = 2
/** Part of a tick: the rounding error that a sum of fractions may have. */
const ROUNDING = 1e-6

/**
 * Ticks by the clock. Timers come late, and a process that is stopped (SIGSTOP, a machine that is moved) has none,
 * while the promises of other replicas, which a leader's lease rests on, run out (M24). So a broker catches up before
 * it uses a lease, and before it takes a message of a leader: that message makes it promise the leader a time from now
 * on (M10), not from a tick on that is long over. It does not catch up before it takes a vote request: a tick that is
 * due then could begin an election in the same millisecond as the other replica's, and both would fail. Ticks missed
 * beyond `MOST_AT_ONCE` are left out, and reported: elections lose nothing by a clock that was behind, since a replica
 * then only refuses votes for longer (M10).
 */
export class Ticker {
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #tick: () => void
  readonly #stoodStill: () => void
  #timer: TimerHandle
  #cancelled = false
  /** When the last tick that was fed was due. */
  #fedTo: number

  constructor(clock: Clock, tickMs: number, tick: () => void, stoodStill: () => void) {
    this.#clock = clock
    this.#tickMs = tickMs
    this.#tick = tick
    this.#stoodStill = stoodStill
    this.#fedTo = clock.monotonic()
    this.#timer = this.#next()
  }

  /** Feeds the ticks that are due. */
  catchUp(): void {
    const now = this.#clock.monotonic()
    const missed = Math.floor((now - this.#fedTo) / this.#tickMs + ROUNDING)
    if (missed <= MOST_AT_ONCE) {
      this.#fedTo += missed * this.#tickMs
      for (let tick = 0; tick < missed; tick += 1) this.#tick()
      return
    }
    this.#fedTo = now
    this.#stoodStill()
    this.#tick()
  }

  cancel(): void {
    this.#cancelled = true
    this.#timer.cancel()
  }

  /**
   * When the next tick is due, not a tick's time after the last call: timers come late, and their delays would add up
   * to two ticks in one call.
   */
  #next(): TimerHandle {
    const due = Math.max(0, this.#fedTo + this.#tickMs - this.#clock.monotonic())
    return this.#clock.after(due, () => {
      this.catchUp()
      if (!this.#cancelled) this.#timer = this.#next()
    })
  }
}
