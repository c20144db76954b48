import type { BrokerApi } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { ReadBudget } from '../limits/read-budget.ts'
import type { PartitionEnds } from '../standing/partition-ends.ts'
import type { ChosenPositions } from './partition-reader.ts'
import type { SubscriptionSink } from './subscription-sink.ts'

export interface SubscriptionRequest extends ChosenPositions {
  readonly topic: string
  /** Bytes that may be sent before more credit comes. */
  readonly credit: number
  /** Read from this broker's own replicas where they are far enough (M95); else from the leaders. */
  readonly replica?: boolean
  /** The id of the topic; undefined or empty: the topic that has the name now. */
  readonly topicId?: string | undefined
}

export interface SubscriptionParts {
  readonly api: BrokerApi
  readonly ends: PartitionEnds
  /** Throws where the subscriber may not, or no longer, read the topic. */
  readonly checkRead: (topic: string) => void
  readonly clock: Clock
  readonly random: Random
  /** Whether there is room to send; `wake` is called when there is again. */
  readonly client: {
    readonly roomy: boolean
    readonly reads: ReadBudget
    /** Takes one more partition; false: the connection follows as many as it may. */
    readonly subscriptions: { addPartition(): boolean }
    readonly sender: { readonly quotas: Pick<SenderQuotas, 'postpone' | 'spend'> }
    fault(error: unknown): void
  }
  readonly sink: SubscriptionSink
  /** The subscription has ended by itself, after `sink.ended`. */
  readonly onEnd: () => void
}
