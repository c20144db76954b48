import type { BrokerId } from '@tailrace/schemas'

/** Whether this replica sleeps (sleep.ts), and what its leader goes by to decide it. */
export interface Silence {
  asleep: boolean
  /** Leader: tick since which nothing has been open, and the end of the log then. */
  quietSince: number
  quietIndex: number
  /** Members that the driver cannot reach: nobody waits for their agreement. */
  readonly unreachable: Set<BrokerId>
}

export function newSilence(): Silence {
  return { asleep: false, quietSince: 0, quietIndex: 0, unreachable: new Set() }
}
