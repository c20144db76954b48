import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GatewayLimits } from '../limits/limits.ts'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { TransportMetrics } from '../limits/transport-metrics.ts'
import type { Subscription } from './subscription.ts'

interface Counted {
  readonly subscription: Subscription
  readonly metrics: Pick<TransportMetrics, 'subscribed'>
}

/** The subscriptions of one connection, by an id that the client chose. */
export class Subscriptions {
  readonly #limits: GatewayLimits
  readonly #quotas: Pick<SenderQuotas, 'hold' | 'release'>
  readonly #byId = new Map<string, Counted>()
  #partitions = 0

  constructor(limits: GatewayLimits, quotas: Pick<SenderQuotas, 'hold' | 'release'>) {
    this.#limits = limits
    this.#quotas = quotas
  }

  /** Of all subscriptions together. */
  get partitions(): number {
    return this.#partitions
  }

  get(id: string): Subscription | undefined {
    return this.#byId.get(id)?.subscription
  }

  /**
   * `metrics`: of the protocol.
   * @throws TailraceError INVALID_REQUEST: the id is taken; TOO_MANY_SUBSCRIPTIONS: beyond the limits; THROTTLED:
   * beyond a quota
   */
  add(id: string, subscription: Subscription, metrics: Counted['metrics']): void {
    if (this.#byId.has(id)) throw new TailraceError('INVALID_REQUEST', `Subscription ${id} exists on this connection.`)
    if (this.#byId.size >= this.#limits.maxSubscriptions) {
      throw new TailraceError('TOO_MANY_SUBSCRIPTIONS', `A connection may have ${this.#limits.maxSubscriptions}.`)
    }
    const partitions = this.#partitions + subscription.partitionCount
    if (partitions > this.#limits.maxSubscribedPartitions) {
      const limit = this.#limits.maxSubscribedPartitions
      throw new TailraceError(
        'TOO_MANY_SUBSCRIPTIONS',
        `A connection may follow ${limit} partitions, this would be ${partitions}.`,
      )
    }
    this.#quotas.hold('subscriptions')
    this.#partitions = partitions
    this.#byId.set(id, { subscription, metrics })
    metrics.subscribed(1)
  }

  /** Takes one more partition of a subscription that is here; false: there are as many as may be. */
  addPartition(): boolean {
    if (this.#partitions >= this.#limits.maxSubscribedPartitions) return false
    this.#partitions++
    return true
  }

  /** As Subscription.untilBegun, for any of those to this topic. */
  untilBegun(topic: string, partition: PartitionNumber | null): Promise<void> | null {
    for (const { subscription } of this.#byId.values()) {
      const opening = subscription.topic === topic ? subscription.untilBegun(partition) : null
      if (opening !== null) return opening
    }
    return null
  }

  /** Stops it too. False if there is none. */
  remove(id: string): boolean {
    const counted = this.#byId.get(id)
    if (counted === undefined) return false
    const { subscription, metrics } = counted
    this.#byId.delete(id)
    this.#partitions -= subscription.partitionCount
    metrics.subscribed(-1)
    this.#quotas.release('subscriptions')
    subscription.close()
    return true
  }

  /** There is room to send again. */
  wake(): void {
    for (const { subscription } of this.#byId.values()) subscription.wake()
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.remove(id)
  }
}
