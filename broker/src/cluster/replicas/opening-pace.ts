import type { Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'

/**
 * While so many replicas are awake, no more are opened for a while. Fresh ones hold elections and send heartbeats until
 * they fall asleep: ten thousand at once keep a busy machine from that work for so long that they lose their leaders
 * again, and never fall asleep.
 */
const MANY_AWAKE = 1_000
/**
 * They may be awake because records flow, or because no other broker is there to elect a leader: then this many more
 * are opened after this time.
 */
const PATIENCE_MS = 300
const NEVERTHELESS = 128
const LOOK_AGAIN_MS = 25

/** Opens replicas in waves: the next ones when those before have fallen asleep. */
export class OpeningPace {
  readonly #groups: Pick<Groups, 'awake'>
  readonly #clock: Clock
  readonly #goOn: () => void
  #crowdedSince = 0
  #allowed = 0
  #crowded = false
  #waiting = false

  /** `goOn` is called when it is time to ask again. */
  constructor(groups: Pick<Groups, 'awake'>, clock: Clock, goOn: () => void) {
    this.#groups = groups
    this.#clock = clock
    this.#goOn = goOn
  }

  /** Whether one more may be opened now; it counts as opened. */
  mayOpen(): boolean {
    if (this.#groups.awake < MANY_AWAKE) {
      this.#crowded = false
      this.#allowed = 0
      return true
    }
    const now = this.#clock.monotonic()
    if (!this.#crowded) this.#crowdedSince = now
    this.#crowded = true
    if (now - this.#crowdedSince >= PATIENCE_MS) {
      this.#crowdedSince = now
      this.#allowed = NEVERTHELESS
    }
    if (this.#allowed > 0) {
      this.#allowed -= 1
      return true
    }
    this.#wait()
    return false
  }

  #wait(): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#clock.after(LOOK_AGAIN_MS, () => {
      this.#waiting = false
      this.#goOn()
    })
  }
}
