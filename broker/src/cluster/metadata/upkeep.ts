import type { BrokerId } from '@tailrace/schemas'

/** What operators want of the spread of replicas. Never changed in place. */
export interface Upkeep {
  /** Brokers to be emptied, by ascending id. */
  readonly draining: readonly BrokerId[]
  /** The spread is to be made even now, whether or not that happens by itself. */
  readonly balancing: boolean
}

export const NO_UPKEEP: Upkeep = { draining: [], balancing: false }
