import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'

/**
 * The publishes of a connection behind its own subscriptions from "latest": a record that is published after such a
 * subscribe must be delivered by it, so the publish waits until the subscription knows where it begins. That takes a
 * request to the leader, and on a new topic an election.
 */
export class OwnLatest {
  readonly #subscriptions: Subscriptions
  readonly #clock: Clock
  /** Settles when the last publish that waits for a topic's partition may begin. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor(subscriptions: Subscriptions, clock: Clock) {
    this.#subscriptions = subscriptions
    this.#clock = clock
  }

  /**
   * Calls `publish` before it returns, unless it has to wait; then in order, for each partition. `partition` null:
   * those of all partitions.
   * @throws TailraceError LEADER_UNAVAILABLE when a subscription has not begun after `waitMs`: `publish` is not called
   */
  behind<Result>(
    topic: string,
    partition: PartitionNumber | null,
    waitMs: number,
    publish: () => Promise<Result>,
  ): Promise<Result> {
    const isOpen = this.#subscriptions.untilBegun(topic, partition) !== null
    if (!isOpen && this.#tails.size === 0) return publish()
    const key = `${topic}/${partition}`
    const before = this.#tails.get(key)
    if (!isOpen && before === undefined) return publish()
    const turn = (before ?? Promise.resolve()).then(() => this.#begun(topic, partition))
    this.#tails.set(key, turn)
    return new Promise((resolve, reject) => {
      let isLate = false
      const timer = this.#clock.after(waitMs, () => {
        isLate = true
        reject(
          new TailraceError('LEADER_UNAVAILABLE', `A subscription to "${topic}" on this connection has not begun.`),
        )
      })
      void turn.then(() => {
        timer.cancel()
        if (!isLate) publish().then(resolve, reject)
        if (this.#tails.get(key) === turn) this.#tails.delete(key)
      })
    })
  }

  async #begun(topic: string, partition: PartitionNumber | null): Promise<void> {
    for (;;) {
      const opening = this.#subscriptions.untilBegun(topic, partition)
      if (opening === null) return
      await opening
    }
  }
}
