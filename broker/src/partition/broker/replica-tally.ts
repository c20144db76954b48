import { NO_BROKER, type Term } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import { Turns } from '../../platform/timing/turns.ts'
import type { Group, Groups } from '../group.ts'
import type { PartitionMetrics } from '../metrics.ts'

/** All replicas of a broker. */
export interface CountedGroups extends Pick<Groups, 'all'> {
  readonly metrics: PartitionMetrics
  readonly openCopies: number
  readonly sleeping: number
}

export interface ReplicaCounts {
  replicas: number
  leaderships: number
  leaderless: number
  quarantined: number
  stopped: number
  underReplicated: number
  highestTerm: Term
}

/**
 * The replicas of a broker by what they are at present, counted when the metrics are asked for: some milliseconds of
 * work at a time.
 */
export class ReplicaTally {
  readonly groups: CountedGroups
  counts: Readonly<ReplicaCounts> = none()
  readonly #clock: Pick<Clock, 'monotonic' | 'soon'>

  constructor(groups: CountedGroups, clock: Pick<Clock, 'monotonic' | 'soon'>) {
    this.groups = groups
    this.#clock = clock
  }

  async take(): Promise<void> {
    const counts = none()
    const turns = new Turns(this.#clock)
    for (const group of this.groups.all()) {
      count(counts, group)
      if (turns.isOver()) await turns.next()
    }
    this.counts = counts
  }
}

function none(): ReplicaCounts {
  return {
    replicas: 0,
    leaderships: 0,
    leaderless: 0,
    quarantined: 0,
    stopped: 0,
    underReplicated: 0,
    highestTerm: 0,
  }
}

function count(counts: ReplicaCounts, group: Group): void {
  const { isLeader, standing } = group
  counts.replicas += 1
  if (isLeader) counts.leaderships += 1
  if (isLeader && lacksReplica(group)) counts.underReplicated += 1
  if (group.leader === NO_BROKER) counts.leaderless += 1
  if (standing === 'quarantined') counts.quarantined += 1
  if (standing === 'stopped') counts.stopped += 1
  counts.highestTerm = Math.max(counts.highestTerm, group.term)
}

function lacksReplica(group: Group): boolean {
  const { inSync, voters } = group.status()
  return inSync.length < voters.length
}
