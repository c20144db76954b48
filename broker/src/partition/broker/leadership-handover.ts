import { NO_BROKER } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import type { Replica } from '../replica/replica.ts'

/**
 * Transfers every leadership before a broker stops, all at the same time (M81): the successors lead at once, where a
 * broker that just vanished would cost each partition an election timeout. Resolves when all are transferred, or cannot
 * be, or after `boundMs`.
 */
export async function handOverLeaderships(replicas: readonly Replica[], clock: Clock, boundMs: number): Promise<void> {
  const led = replicas.filter((replica) => replica.isLeader && replica.configuration.voters.length > 1)
  if (led.length === 0) return
  const transfers = led.map((replica) => replica.transferLeadership(NO_BROKER).catch(() => undefined))
  await withDeadline<unknown>(clock, boundMs, Promise.all(transfers), () => undefined)
}
