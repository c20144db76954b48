import type { GroupId, PartitionNumber } from '@tailrace/schemas'
import type { SeriesRow, SeriesTable } from '../../platform/series-table.ts'
import type { GroupStatus, Groups } from '../group.ts'

/** The name of a group's partition; undefined for one that belongs to no topic. */
export type PartitionNames = (
  group: GroupId,
) => { readonly topic: string; readonly partition: PartitionNumber } | undefined

export interface PartitionFigures {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly status: GroupStatus
}

/** The replicas of topics, each as it is when it is asked for. */
export function* partitionFigures(groups: Pick<Groups, 'all'>, nameOf: PartitionNames): Iterable<PartitionFigures> {
  for (const group of groups.all()) {
    const name = nameOf(group.id)
    if (name !== undefined) yield { ...name, status: group.status() }
  }
}

const isLeader = ({ status }: PartitionFigures): boolean => status.role === 'leader'

/** The bounds of one replica's log, also of a cascade broker's copy. */
export function logSeries<Item>(
  of: (item: Item) => Pick<GroupStatus, 'highWatermark' | 'logStart' | 'sizeBytes'>,
): readonly SeriesRow<Item>[] {
  return [
    [
      'tailrace_partition_high_watermark',
      'The offset behind the last record that is committed, as this replica knows.',
      [],
      (item) => of(item).highWatermark,
    ],
    [
      'tailrace_partition_log_start',
      'The first offset that may be read at this replica.',
      [],
      (item) => of(item).logStart,
    ],
    [
      'tailrace_partition_size_bytes',
      'Bytes of the log of this replica, on disk and in memory.',
      [],
      (item) => of(item).sizeBytes,
    ],
  ]
}

export const partitionSeries: SeriesTable<PartitionFigures> = {
  labels: ['topic', 'partition'],
  valuesOf: ({ topic, partition }) => [topic, String(partition)],
  gauges: [
    ...logSeries<PartitionFigures>(({ status }) => status),
    ['tailrace_partition_leader', '1 where this replica leads, else 0.', [], (item) => Number(isLeader(item))],
    ['tailrace_partition_term', 'Term of this replica.', [], ({ status }) => status.term],
    [
      'tailrace_partition_under_replicated',
      'Where this replica leads: 1 while a voter does not keep up, else 0.',
      [],
      (item) => (isLeader(item) ? Number(item.status.inSync.length < item.status.voters.length) : null),
    ],
    [
      'tailrace_partition_follower_lag_entries',
      'Where this replica leads: entries that a follower has not acknowledged.',
      ['follower'],
      (item) => followers(item, ({ matchIndex }) => item.status.lastIndex - matchIndex),
    ],
    [
      'tailrace_partition_follower_inflight_appends',
      'Where this replica leads: messages with entries in flight to a follower, of maxInflightAppends.',
      ['follower'],
      (item) => followers(item, ({ inflight }) => inflight),
    ],
    [
      'tailrace_partition_follower_state',
      'Where this replica leads: 1 with the state of a follower. replicate: it gets entries; probe: the place where its log matches is looked for; snapshot: it needs a copy.',
      ['follower', 'state'],
      ({ status }) => status.followers.map(({ id, state }) => [[String(id), state], 1] as const),
    ],
  ],
}

function followers(
  { status }: PartitionFigures,
  figure: (follower: GroupStatus['followers'][number]) => number,
): (readonly [string[], number])[] {
  return status.followers.map((follower) => [[String(follower.id)], figure(follower)] as const)
}
