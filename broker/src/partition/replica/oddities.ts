import type { GroupId } from '@tailrace/schemas'
import type { Logger } from '../../platform/logger.ts'
import type { Ready } from '../../raft/ready.ts'
import type { PartitionMetrics } from '../metrics.ts'

export interface OdditiesDeps {
  readonly group: GroupId
  readonly logger: Logger
  readonly metrics: PartitionMetrics
  /** This broker's disk has lost synced writes; it is not known of which groups. */
  readonly distrustDisk: (reason: string) => void
}

/**
 * Logs events that should never happen and yet break no rule of this replica: disks that lost confirmed writes, peers
 * that send impossible messages.
 */
export function tellOddities({ lostLogs, lostTail, cutTail, absurdities }: Ready, deps: OdditiesDeps): void {
  const { group, logger, metrics, distrustDisk } = deps
  for (const { from: peer, acknowledged, has } of lostLogs) {
    metrics.lostTails += 1
    logger.error({ group, peer, acknowledged, has }, 'a follower has lost entries that it had acknowledged')
  }
  if (lostTail !== null) {
    const { leader, acknowledged, has } = lostTail
    metrics.lostTails += 1
    logger.error({ group, leader, acknowledged, has }, 'this replica has lost entries that it had acknowledged')
    distrustDisk(`entries ${has + 1} to ${acknowledged} of group ${group} were acknowledged here and are gone`)
  }
  if (cutTail !== null) tellCut(cutTail, deps)
  for (const problem of absurdities) {
    metrics.absurdMessages += 1
    logger.error({ group, problem }, 'a message that no correct replica sends was dropped')
  }
}

function tellCut(cut: NonNullable<Ready['cutTail']>, { group, logger, metrics }: OdditiesDeps): void {
  const { leader, from, to, acknowledged } = cut
  const fields = { group, leader, from, to }
  if (!acknowledged) {
    logger.warn(fields, 'entries that were not known to be committed are cut off: the leader does not have them')
    return
  }
  metrics.acknowledgedEntriesCut += to - from + 1
  logger.error(
    fields,
    'entries that this replica had acknowledged to an earlier leader are cut off: if clients were told of them, they are lost',
  )
}
