import type { BrokerId } from '@tailrace/schemas'

/** Whether this replica sleeps (sleep.ts), and the facts by which its leader decides it. */
export interface Silence {
  asleep: boolean
  /** Leader: tick since which nothing has been open, and the end of the log then. */
  quietSince: number
  quietIndex: number
  /** Members that the driver cannot reach: the leader does not wait for their agreement. */
  readonly unreachable: Set<BrokerId>
}

export function newSilence(): Silence {
  return { asleep: false, quietSince: 0, quietIndex: 0, unreachable: new Set() }
}
