import type { BrokerCondition, Condition } from '../../api/condition.ts'

const HOUR_SECONDS = 3600
/** A disk that is full sooner is a trouble, as it is for the doctor. */
const SOON_SECONDS = 24 * HOUR_SECONDS

interface Trouble {
  readonly kind: string
  /**
   * disk-full, disk-low: bytes that are kept in reserve; disk-filling: hours until only they are free;
   * checksum-failures: places; replicas-quarantined, replicas-stopped: replicas.
   */
  readonly amount: number
}

/**
 * What a watch shows of all brokers, in JSON. Figures that change each second are not in it: each change would be sent
 * to all watchers.
 */
export function conditionsText(conditions: readonly BrokerCondition[]): string {
  return JSON.stringify(
    conditions.map(({ broker, condition, why }) => {
      if (condition === null) return { broker, condition, why }
      const { ready, reason } = condition
      return { broker, condition: { ready, reason, troubles: troublesOf(condition) }, why }
    }),
  )
}

function troublesOf(condition: Condition): Trouble[] {
  const { writable, freeBytes, reserveBytes, secondsUntilFull, checksumFailures, quarantined, stopped } = condition
  const troubles: Trouble[] = []
  if (!writable) troubles.push({ kind: 'disk-full', amount: reserveBytes })
  else if (secondsUntilFull !== null && secondsUntilFull < SOON_SECONDS)
    troubles.push({ kind: 'disk-filling', amount: Math.max(1, Math.round(secondsUntilFull / HOUR_SECONDS)) })
  else if (freeBytes < 2 * reserveBytes) troubles.push({ kind: 'disk-low', amount: reserveBytes })
  if (checksumFailures > 0) troubles.push({ kind: 'checksum-failures', amount: checksumFailures })
  if (quarantined > 0) troubles.push({ kind: 'replicas-quarantined', amount: quarantined })
  if (stopped > 0) troubles.push({ kind: 'replicas-stopped', amount: stopped })
  return troubles
}
