/** Of all subscriptions that this broker has led, since its start. */
export interface SubscriptionCounts {
  wakes: number
  /** Wakes that a receiver or a stream of wakes has taken. */
  delivered: number
  /** Attempts to deliver a wake. */
  failed: number
}

export function noSubscriptionCounts(): SubscriptionCounts {
  return { wakes: 0, delivered: 0, failed: 0 }
}
