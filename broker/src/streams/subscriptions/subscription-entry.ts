import { TailraceError } from '@tailrace/schemas'
import type { TimerHandle } from '../../platform/clock.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

/** Acts on one subscription that wait for their turn; beyond it they are refused. */
const MOST_WAITING = 1_000

/** A subscription that its leader has at hand, as committed. Acts on it take turns. */
export class SubscriptionEntry {
  record: SubscriptionRecord
  /** For what comes next by itself: a delivery, the end of a lease. */
  timer: TimerHandle | null = null
  /** For another attempt to make it, or to take it up. */
  again: TimerHandle | null = null
  /** Such attempts that have failed, one after the other. */
  attempts = 0
  /** The stream at which the next look for what is pending begins. */
  lookFrom = ''
  /** The wake of which its owner may read nothing. */
  resting: string | null = null
  /** The delivery that is under way. */
  sending: AbortController | null = null
  isGone = false
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(record: SubscriptionRecord) {
    this.record = record
  }

  /** What is asked for. @throws TailraceError OVERLOADED, and as `work` */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MOST_WAITING) {
      return Promise.reject(new TailraceError('OVERLOADED', 'Too many requests about one subscription wait.'))
    }
    return this.own(work)
  }

  /** What happens by itself: a few at a time, which are not refused. @throws as `work` */
  own<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1
    const result = this.#turn.then(work).finally(() => {
      this.#waiting -= 1
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Nothing comes by itself any more. */
  rest(): void {
    this.timer?.cancel()
    this.timer = null
    this.again?.cancel()
    this.again = null
    this.sending?.abort()
  }
}
