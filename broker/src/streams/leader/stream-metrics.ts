import type { MetricTable } from '../../platform/metric-table.ts'
import type { SubscriptionCounts } from '../subscriptions/subscription-counts.ts'
import type { StreamCounts } from './stream-counts.ts'

/** What the leaders of durable streams on this broker have to tell now. */
export interface StreamFigures {
  readonly counts: StreamCounts
  readonly subscriptionCounts: SubscriptionCounts
  readonly cached: number
  readonly waiting: number
  readonly subscriptions: number
  /** Of all replicas of this broker, led by it or not. */
  readonly unwrittenBytes: number
}

export const streamMetrics: MetricTable<{ figures(): StreamFigures }> = {
  counters: [
    [
      'tailrace_durable_streams_created_total',
      'Durable streams that this broker has created as their leader.',
      (of) => of.figures().counts.created,
    ],
    [
      'tailrace_durable_streams_removed_total',
      'Durable streams that were deleted or ran out while this broker led them.',
      (of) => of.figures().counts.removed,
    ],
    [
      'tailrace_durable_stream_appends_total',
      'Appends to durable streams that this broker leads.',
      (of) => of.figures().counts.appends,
    ],
    [
      'tailrace_durable_stream_appended_bytes_total',
      'Bytes of these appends.',
      (of) => of.figures().counts.appendedBytes,
    ],
    [
      'tailrace_durable_stream_repeated_appends_total',
      'Appends of idempotent producers that the stream had already.',
      (of) => of.figures().counts.repeated,
    ],
    [
      'tailrace_stream_subscription_wakes_total',
      'Wakes of subscriptions to durable streams that this broker has led.',
      (of) => of.figures().subscriptionCounts.wakes,
    ],
    [
      'tailrace_stream_subscription_deliveries_total',
      'Wakes that the receiver of a webhook or a stream of wakes has taken.',
      (of) => of.figures().subscriptionCounts.delivered,
    ],
    [
      'tailrace_stream_subscription_failed_deliveries_total',
      'Attempts to deliver a wake that have failed; each is tried again.',
      (of) => of.figures().subscriptionCounts.failed,
    ],
  ],
  gauges: [
    [
      'tailrace_stream_subscriptions',
      'Subscriptions to durable streams that this broker leads.',
      (of) => of.figures().subscriptions,
    ],
    [
      'tailrace_durable_streams_in_memory',
      'Durable streams whose record their leader has at hand; all others are in the state store alone.',
      (of) => of.figures().cached,
    ],
    [
      'tailrace_durable_stream_waiting_readers',
      'Brokers, and readers on their behalf, that wait at the end of durable streams that this broker leads.',
      (of) => of.figures().waiting,
    ],
    [
      'tailrace_durable_stream_unwritten_bytes',
      'Bytes of durable streams that replicas on this broker have applied, and that its state store does not have yet.',
      (of) => of.figures().unwrittenBytes,
    ],
  ],
}
