import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { dueIn, rangeOf, storedKeys } from '../state/stored-keys.ts'
import type { StreamsStore } from '../state/streams-store.ts'

/** Between two walks over what is due. */
const PACE_MS = 200
/** Streams of one walk; the next goes on behind them. */
const MOST_STREAMS = 200
const RETRY_MS = 1000

export interface LooksDeps {
  readonly store: Pick<StreamsStore, 'range' | 'settled'>
  /** Afterwards the stream is due later, or is gone. */
  readonly look: (path: string) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** Looks at each stream of a partition when its time has come. While none is due there is no timer. */
export class Looks {
  readonly #deps: LooksDeps
  #timer: TimerHandle | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #isLooking = false
  #isClosed = false

  constructor(deps: LooksDeps) {
    this.#deps = deps
  }

  /** Some stream is due at this time. */
  at(time: number): void {
    if (this.#isClosed || time >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = time
    const ms = Math.min(Math.max(time - this.#deps.clock.now(), PACE_MS), 2 ** 31 - 1)
    this.#timer = this.#deps.clock.after(ms, () => {
      this.#timer = null
      this.#timerAt = Number.POSITIVE_INFINITY
      void this.walk()
    })
  }

  /** Looks at what is due, and finds out when the next one is. Never rejects. */
  async walk(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    const { clock, logger } = this.#deps
    let next: number | null
    try {
      next = await this.#walkOnce()
    } catch (error) {
      if (!this.#isClosed) logger.info({ err: error }, 'durable streams whose time has come are looked at again')
      next = clock.now() + RETRY_MS
    }
    this.#isLooking = false
    if (next !== null) this.at(next)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #walkOnce(): Promise<number | null> {
    const { store, clock, look } = this.#deps
    await store.settled()
    const due: string[] = []
    let next: number | null = null
    const now = clock.now()
    for await (const [key] of store.range(...rangeOf(storedKeys.due))) {
      const { at, path } = dueIn(key)
      next = at
      if (at > now || due.length === MOST_STREAMS) break
      next = null
      due.push(path)
    }
    await Promise.all(due.map(look))
    return next
  }
}
