/**
 * The rounds of heartbeats that reads wait for (read-index.ts). Their numbers only grow, across changes of leader too.
 */
export interface ReadRounds {
  /** The last one that was begun. */
  last: number
  /** The last one that a quorum has answered. */
  answered: number
  /** A read waits for one that begins with the next Ready. */
  wanted: boolean
}

export function newReadRounds(): ReadRounds {
  return { last: 0, answered: 0, wanted: false }
}
