import { storedJson } from '../../log/store/stored-json.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import type { Desk } from './desk.ts'
import { isDepartureRecord, type SubscriptionRecord } from './subscription-record.ts'
import { pauseAfter } from './wake-times.ts'

/** Takes the watches of deleted subscriptions out of all partitions; the next leader goes on with it. */
export class Departures {
  readonly #desk: Desk
  #isWalking = false
  #mustWalk = false
  #failures = 0
  #timer: TimerHandle | null = null
  #isClosed = false

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** In the entry that removes the subscription. */
  changeFor({ path, number }: SubscriptionRecord): StreamChange {
    return [storedKeys.departure(number), new TextEncoder().encode(JSON.stringify({ path }))]
  }

  /** One is committed, or may be. Never rejects. */
  async begin(): Promise<void> {
    this.#mustWalk = true
    if (this.#isWalking || this.#timer !== null || this.#isClosed) return
    this.#isWalking = true
    try {
      while (this.#mustWalk && !this.#isClosed) await this.#walk()
      this.#failures = 0
    } catch (error) {
      this.#later(error)
    } finally {
      this.#isWalking = false
    }
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #walk(): Promise<void> {
    this.#mustWalk = false
    const { store, propose } = this.#desk.deps
    await store.settled()
    for await (const [key, value] of store.range(...rangeOf(storedKeys.departures))) {
      if (this.#isClosed) return
      const { path } = storedJson(key, value, isDepartureRecord)
      await this.#desk.unwatch(path, key.slice(storedKeys.departures.length))
      await propose([[key, null]])
    }
  }

  #later(error: unknown): void {
    if (this.#isClosed) return
    const { clock, logger, random } = this.#desk.deps
    logger.info({ err: error }, 'watches of deleted subscriptions are taken away later')
    this.#failures += 1
    this.#timer = clock.after(pauseAfter(this.#failures, random), () => {
      this.#timer = null
      void this.begin()
    })
  }
}
