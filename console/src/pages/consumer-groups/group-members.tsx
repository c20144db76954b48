import type { ConsumerGroup, ConsumerGroupMember } from '../../api/consumer-group-answers.ts'
import { duration } from '../../format.ts'
import { leasesByMember } from '../../live/consumer-groups.ts'
import { DataTable } from '../../parts/data-table.tsx'

/** The members of a consumer group, with the partitions that each has. */
export function GroupMembers({ group: { members, partitions } }: { readonly group: ConsumerGroup }) {
  const leases = leasesByMember(partitions)
  return (
    <DataTable<ConsumerGroupMember>
      label="Members"
      rows={members}
      keyOf={({ id }) => id}
      empty="It has no members."
      columns={[
        { title: 'Member', of: ({ id }) => <code>{id}</code> },
        { title: 'Instance', of: ({ instance }) => instance || '–' },
        { title: 'Client', of: ({ clientId }) => clientId || '–' },
        { title: 'Host', of: ({ host }) => host },
        { title: 'Principal', of: ({ principal }) => principal },
        { title: 'Subscribed', of: ({ topics, patterns }) => [...topics, ...patterns].join(', ') || '–' },
        { title: 'Partitions', of: ({ id }) => leases.get(id) ?? 'none' },
        { title: 'Stuck', of: (member) => <Stuck member={member} /> },
      ]}
    />
  )
}

function Stuck({ member: { stuck } }: { readonly member: ConsumerGroupMember }) {
  if (stuck.length === 0) return <span class="good">no</span>
  return (
    <>
      {stuck.map(({ topic, partition, offset, sinceMs }) => (
        <div key={`${topic}/${partition}`} class="bad">
          {topic}/{partition} at {offset} for {duration(sinceMs)}
        </div>
      ))}
    </>
  )
}
