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
  readonly #stride: () => number
  #timer: TimerHandle
  /** Ticks that the timer was set for. */
  #ahead = 1
  #feeding = false
  #cancelled = false
  /** When the last tick that was fed was due. */
  #fedTo: number

  /** `stride`: how many ticks the next timer may wait for, since nobody needs them before. */
  constructor(clock: Clock, tickMs: number, tick: () => void, stoodStill: () => void, stride: () => number = () => 1) {
    this.#stride = stride
    this.#clock = clock
    this.#tickMs = tickMs
    this.#tick = tick
    this.#stoodStill = stoodStill
    this.#fedTo = clock.monotonic()
    this.#timer = this.#after(1)
  }

  /** Feeds the ticks that are due. */
  catchUp(): void {
    const now = this.#clock.monotonic()
    const missed = Math.floor((now - this.#fedTo) / this.#tickMs + ROUNDING)
    this.#feeding = true
    try {
      if (missed <= Math.max(MOST_AT_ONCE, this.#ahead + 1)) {
        this.#fedTo += missed * this.#tickMs
        for (let tick = 0; tick < missed; tick += 1) this.#tick()
      } else {
        this.#fedTo = now
        this.#stoodStill()
        this.#tick()
      }
    } finally {
      this.#feeding = false
    }
  }

  /** From now on somebody needs every tick. Those that have passed are fed at once. */
  hurry(): void {
    if (this.#ahead === 1 || this.#cancelled) return
    // One of the ticks that are being fed may have woken somebody.
    if (!this.#feeding) this.catchUp()
    this.#timer.cancel()
    this.#timer = this.#after(1)
  }

  cancel(): void {
    this.#cancelled = true
    this.#timer.cancel()
  }

  /**
   * When the next tick is due, not a tick's time after the last call: timers come late, and their delays would add up
   * to two ticks in one call.
   */
  #after(ticks: number): TimerHandle {
    this.#ahead = ticks
    const due = Math.max(0, this.#fedTo + ticks * this.#tickMs - this.#clock.monotonic())
    return this.#clock.after(due, () => {
      this.catchUp()
      if (this.#cancelled) return
      this.#timer.cancel()
      this.#timer = this.#after(this.#stride())
    })
  }
}
