import type { MetricTable } from '../../platform/metric-table.ts'
import type { SeriesTable } from '../../platform/series-table.ts'
import type { CoordinatorCounts } from './counts.ts'

/** What the coordinators of this broker have to tell now. */
export interface CoordinatorFigures {
  readonly counts: CoordinatorCounts
  readonly groups: number
  readonly members: number
  readonly stuck: number
}

/** How far a group is behind the end of one partition. */
export interface GroupLag {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** Records. */
  readonly lag: number
}

export const coordinatorMetrics: MetricTable<{ figures(): CoordinatorFigures }> = {
  counters: [
    [
      'tailrace_consumer_group_rebalances_total',
      'Assignments of this coordinator that differ from the ones before.',
      (of) => of.figures().counts.rebalances,
    ],
    [
      'tailrace_consumer_group_fenced_commits_total',
      'Positions and delays that came under a lease that another member had by then; nothing was kept of them.',
      (of) => of.figures().counts.fenced,
    ],
    [
      'tailrace_consumer_group_expired_members_total',
      'Members that were taken out because they sent no beat for the time of their session.',
      (of) => of.figures().counts.expired,
    ],
  ],
  gauges: [
    ['tailrace_consumer_groups', 'Consumer groups that this broker coordinates.', (of) => of.figures().groups],
    [
      'tailrace_consumer_group_members',
      'Members of the consumer groups that this broker coordinates.',
      (of) => of.figures().members,
    ],
    [
      'tailrace_consumer_group_stuck_handlers',
      'Records that a handler of a member holds longer than it should, as the members of these groups say.',
      (of) => of.figures().stuck,
    ],
  ],
}

export const lagSeries: SeriesTable<GroupLag> = {
  labels: ['group', 'topic', 'partition'],
  valuesOf: ({ group, topic, partition }) => [group, topic, String(partition)],
  gauges: [
    [
      'tailrace_consumer_group_lag',
      'Records between the committed position of a consumer group and the end of the partition, told by its coordinator. No series where the group has no position, or the end is not known.',
      [],
      ({ lag }) => lag,
    ],
  ],
}
