import type { BrokerId, ErrorCode, Term } from '@tailrace/schemas'
import { mayStillHold, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { PublishCondition, PublishResult } from '../../partition/requests.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'

/** A batch, the client for which it is, and under which condition it is to be written. */
export interface AskedBatch {
  readonly batch: Uint8Array
  readonly asker: Asker | undefined
  readonly condition: PublishCondition | undefined
}

/** The broker that would take a batch now. `attempt` fixes the batch's place in the order before it returns. */
export interface PublishTarget {
  readonly leader: BrokerId
  readonly term: Term
  attempt(asked: AskedBatch, timeoutMs: number): Promise<PublishResult>
  /** The target has said that it does not lead. */
  deny(): void
}

/** A publish that is held through elections until it succeeds, fails permanently, or its time is over. */
interface Held {
  readonly order: number
  batch: Uint8Array
  readonly asker: Asker | undefined
  readonly condition: PublishCondition | undefined
  readonly idempotent: boolean
  readonly end: number
  readonly timer: TimerHandle
  readonly resolve: (result: PublishResult) => void
  readonly reject: (error: TailraceError) => void
  /** A leader may have it in its log. */
  uncertain: boolean
  settled: boolean
}

/** The publishes held in all lanes together. */
export interface LaneBudget {
  requests: number
  bytes: number
}
const MAX_HELD_REQUESTS = 10_000
const MAX_HELD_BYTES = 64 * 1024 * 1024

/** The batch did not reach any log. */
const refusedCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_LEADER', 'LEADER_UNAVAILABLE'])
/** The batch may have reached a log, or may yet. */
const uncertainCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OUTCOME_UNKNOWN',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'SHUTTING_DOWN',
])
const SAME_TARGET_PAUSE_MS = 50

/**
 * Publishes to one partition that wait for a leader. They keep their order across a change of leader: no batch goes to
 * a new one while an answer of the old one is pending, since that batch may have to go first.
 */
export class PublishLane {
  readonly #clock: Clock
  readonly #budget: LaneBudget
  readonly #pick: () => PublishTarget | null
  readonly #held: Held[] = []
  #orders = 0
  #target: PublishTarget | null = null
  #inFlight = 0
  #pause: TimerHandle | null = null

  constructor(clock: Clock, budget: LaneBudget, pick: () => PublishTarget | null) {
    this.#clock = clock
    this.#budget = budget
    this.#pick = pick
  }

  get idle(): boolean {
    return this.#held.length === 0 && this.#inFlight === 0
  }

  /**
   * @throws TailraceError (as a rejection) LEADER_UNAVAILABLE: never sent; OUTCOME_UNKNOWN; OVERLOADED; the error that
   * the leader answered
   */
  publish({ batch, asker, condition }: AskedBatch, idempotent: boolean, timeoutMs: number): Promise<PublishResult> {
    const budget = this.#budget
    if (budget.requests >= MAX_HELD_REQUESTS || budget.bytes + batch.length > MAX_HELD_BYTES) {
      return Promise.reject(new TailraceError('OVERLOADED', 'Too many publishes wait for a leader.'))
    }
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => this.#expire(held))
      const end = this.#clock.monotonic() + timeoutMs
      const order = this.#orders++
      const fresh = { uncertain: false, settled: false }
      const held: Held = { order, batch, asker, condition, idempotent, end, timer, resolve, reject, ...fresh }
      budget.requests++
      budget.bytes += batch.length
      this.#held.push(held)
      this.drain()
    })
  }

  /** Sends publishes that may be sent; called when the leadership may have changed. */
  drain(): void {
    while (this.#held.length > 0 && this.#pause === null) {
      const target = this.#pick()
      if (target === null || (this.#inFlight > 0 && !sameTarget(target, this.#target))) return
      this.#target = target
      this.#send(this.#held.shift()!, target)
    }
  }

  /** No broker will take held publishes. Publishes in flight to a leader fail or succeed there. */
  fail(error: TailraceError): void {
    this.#pause?.cancel()
    for (const held of this.#held.splice(0)) {
      this.#settle(held, () => held.reject(held.uncertain ? new TailraceError('OUTCOME_UNKNOWN') : error))
    }
  }

  #send(held: Held, target: PublishTarget): void {
    this.#inFlight++
    target.attempt(held, Math.max(1, held.end - this.#clock.monotonic())).then(
      (result) => {
        this.#inFlight--
        this.#settle(held, () => held.resolve(result))
        this.drain()
      },
      (error) => {
        this.#inFlight--
        this.#failed(held, target, TailraceError.from(error))
        this.drain()
      },
    )
  }

  #failed(held: Held, target: PublishTarget, error: TailraceError): void {
    const refused = refusedCodes.has(error.code)
    if (refused) target.deny()
    if (held.settled) return
    if (!refused && !(uncertainCodes.has(error.code) && held.idempotent)) {
      const isOpen = uncertainCodes.has(error.code) || (held.uncertain && mayStillHold(held.condition, error))
      const shown = isOpen ? new TailraceError('OUTCOME_UNKNOWN') : error
      this.#settle(held, () => held.reject(shown))
      return
    }
    if (!refused) {
      // The leader's log may still hold these bytes, and the next one writes its own offset and term into them.
      held.batch = held.batch.slice()
      held.uncertain = true
    }
    const at = this.#held.findIndex((other) => other.order > held.order)
    this.#held.splice(at < 0 ? this.#held.length : at, 0, held)
    this.#pauseIfUnchanged(target)
  }

  /** The same leader in the same term would most likely answer the same at once. */
  #pauseIfUnchanged(target: PublishTarget): void {
    if (this.#pause !== null || !sameTarget(this.#pick(), target)) return
    this.#pause = this.#clock.after(SAME_TARGET_PAUSE_MS, () => {
      this.#pause = null
      this.drain()
    })
  }

  #expire(held: Held): void {
    const at = this.#held.indexOf(held)
    if (at >= 0) this.#held.splice(at, 1)
    const uncertain = at < 0 || held.uncertain
    this.#settle(held, () => held.reject(new TailraceError(uncertain ? 'OUTCOME_UNKNOWN' : 'LEADER_UNAVAILABLE')))
  }

  #settle(held: Held, how: () => void): void {
    if (held.settled) return
    held.settled = true
    held.timer.cancel()
    this.#budget.requests--
    this.#budget.bytes -= held.batch.length
    how()
  }
}

function sameTarget(a: PublishTarget | null, b: PublishTarget | null): boolean {
  return a !== null && b !== null && a.leader === b.leader && a.term === b.term
}
