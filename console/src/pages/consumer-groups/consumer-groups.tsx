import { useState } from 'preact/hooks'
import type { ConsumerGroupList, ListedConsumerGroup } from '../../api/consumer-group-answers.ts'
import { count } from '../../format.ts'
import { consumerGroupLink, lagText } from '../../live/consumer-groups.ts'
import { useWatched } from '../../live/use-watched.ts'
import { GroupState, StuckCount } from '../../parts/consumer-group-state.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Notice, Refusal } from '../../parts/notice.tsx'

/** All consumer groups, with how far they are behind. */
export function ConsumerGroupsPage() {
  const { content, error } = useWatched<ConsumerGroupList>({ of: 'consumer-groups' })
  const [wanted, setWanted] = useState('')
  return (
    <>
      <h1>Consumer groups</h1>
      <Refusal error={error} />
      {content === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <>
          <div class="bar">
            <label>
              Filter
              <input type="search" value={wanted} onInput={({ currentTarget }) => setWanted(currentTarget.value)} />
            </label>
          </div>
          <DataTable<ListedConsumerGroup>
            label="Consumer groups"
            rows={content.groups.filter(({ group }) => group.includes(wanted))}
            keyOf={({ group }) => group}
            empty={
              content.groups.length === 0
                ? 'There are no consumer groups that you may see.'
                : 'No consumer group has that in its name.'
            }
            columns={[
              { title: 'Group', of: ({ group }) => <a href={consumerGroupLink(group)}>{group}</a> },
              { title: 'State', of: ({ state }) => <GroupState state={state} /> },
              { title: 'Members', of: ({ members }) => count(members), isNumber: true },
              { title: 'Topics', of: ({ topics }) => topics.join(', ') || '–' },
              { title: 'Lag', of: ({ lag }) => lagText(lag), isNumber: true },
              { title: 'Stuck handlers', of: ({ stuck }) => <StuckCount stuck={stuck} />, isNumber: true },
            ]}
          />
          {content.more > 0 && (
            <Notice>
              {count(content.more)} more come behind these by name; each has its page at #/consumer-groups/ and its
              name.
            </Notice>
          )}
        </>
      )}
    </>
  )
}
