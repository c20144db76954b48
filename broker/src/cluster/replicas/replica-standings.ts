import type { Group, Standing } from '../../partition/group.ts'

/**
 * What operators should know of replicas that take no part; empty: there are none. The broker is ready all the same: other replicas serve these partitions, and clients that were
 * sent away would miss all that it serves.
 */
export function describeStandings(groups: Iterable<Pick<Group, 'standing'>>): string {
  const counts: Record<Standing, number> = { sound: 0, quarantined: 0, stopped: 0 }
  for (const { standing } of groups) counts[standing] += 1
  const { quarantined, stopped } = counts
  if (quarantined + stopped === 0) return ''
  return `Replicas here in quarantine: ${quarantined}, stopped: ${stopped}. The log says why.`
}
