import type { ConsumerGroup } from '../../api/consumer-group-answers.ts'
import { count, duration, time } from '../../format.ts'
import { lagText, memberName, type PartitionRow, partitionRows } from '../../live/consumer-groups.ts'
import { partitionLink } from '../../live/health.ts'
import { DataTable } from '../../parts/data-table.tsx'

/** The partitions of a consumer group: its positions, their lag, and who has them. */
export function GroupPartitions({ group }: { readonly group: ConsumerGroup }) {
  return (
    <DataTable<PartitionRow>
      label="Partitions"
      rows={partitionRows(group)}
      keyOf={({ topicId, partition }) => `${topicId}/${partition}`}
      empty="It has no partitions and no positions."
      columns={[
        {
          title: 'Partition',
          of: ({ topic, partition }) => <a href={partitionLink(topic, partition)}>{`${topic}/${partition}`}</a>,
        },
        { title: 'Position', of: ({ offset }) => (offset < 0 ? '–' : count(offset)), isNumber: true },
        { title: 'End', of: ({ end }) => (end < 0 ? '?' : count(end)), isNumber: true },
        { title: 'Lag', of: ({ offset, lag }) => (offset < 0 ? '–' : lagText(lag)), isNumber: true },
        { title: 'Held by', of: ({ holder }) => (holder === null ? 'nobody' : memberName(holder)) },
        { title: 'Token', of: ({ token }) => count(token), isNumber: true },
        { title: 'Committed (UTC)', of: ({ committedAt }) => time(committedAt || -1), isWhole: true },
        {
          title: 'Stuck',
          of: ({ stuck }) =>
            stuck === null ? '–' : <span class="bad">{`at ${stuck.offset} for ${duration(stuck.sinceMs)}`}</span>,
        },
      ]}
    />
  )
}
