import type { BrokerId } from '@tailrace/schemas'

/** What tells how near brokers are. */
export interface Nearness {
  readonly isOfOwnRack: (broker: BrokerId) => boolean
  /** Of the connection to it; undefined: none is open. */
  readonly openedInMs: (broker: BrokerId) => number | undefined
}

/**
 * Brokers of the own rack, then the others; of each those first to which a connection opened fastest, and those without
 * an open one last, in the order given.
 */
export function nearestFirst(brokers: readonly BrokerId[], { isOfOwnRack, openedInMs }: Nearness): BrokerId[] {
  const isAway = (id: BrokerId): number => (isOfOwnRack(id) ? 0 : 1)
  const msOf = (id: BrokerId): number => openedInMs(id) ?? Number.MAX_VALUE
  return [...brokers].sort((one, other) => isAway(one) - isAway(other) || msOf(one) - msOf(other))
}
