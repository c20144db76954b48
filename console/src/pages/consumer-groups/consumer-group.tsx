import { useState } from 'preact/hooks'
import type { ConsumerGroup } from '../../api/consumer-group-answers.ts'
import { request } from '../../api/http.ts'
import { count } from '../../format.ts'
import { consumerGroupPath, lagOfGroup, lagText } from '../../live/consumer-groups.ts'
import { useWatched } from '../../live/use-watched.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { GroupState, StuckCount } from '../../parts/consumer-group-state.tsx'
import { Notice, Refusal } from '../../parts/notice.tsx'
import { GroupMembers } from './group-members.tsx'
import { GroupPartitions } from './group-partitions.tsx'
import { ResetPositions } from './reset-positions.tsx'

/** A consumer group: who its members are, who has which partition, and how far it is. */
export function ConsumerGroupPage({ name }: { readonly name: string }) {
  const { content: group, error } = useWatched<ConsumerGroup>({ of: 'consumer-group', group: name })
  const [act, setAct] = useState<'reset' | 'delete' | null>(null)
  const close = (): void => setAct(null)
  const remove = async (): Promise<void> => {
    await request('DELETE', consumerGroupPath(name))
    location.hash = '#/consumer-groups'
  }
  const isUsed = group === null || group.members.length > 0
  return (
    <>
      <h1>{name}</h1>
      <Refusal error={error} />
      {group === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <>
          <div class="bar">
            <button type="button" disabled={isUsed} onClick={() => setAct('reset')}>
              Reset positions…
            </button>
            <button type="button" class="danger quiet" disabled={isUsed} onClick={() => setAct('delete')}>
              Delete…
            </button>
          </div>
          {isUsed && (
            <p class="status">Positions are reset, and the group is deleted, once its members have stopped.</p>
          )}
          <Figures group={group} />
          <h2>Members</h2>
          <GroupMembers group={group} />
          <h2>Partitions</h2>
          <GroupPartitions group={group} />
        </>
      )}
      {act === 'reset' && <ResetPositions group={name} onClose={close} />}
      {act === 'delete' && (
        <Confirm title={`Delete ${name}`} action="Delete" typed={name} onDone={remove} onClose={close}>
          <p>Its positions and delayed records are gone then. This cannot be undone.</p>
        </Confirm>
      )}
    </>
  )
}

function Figures({ group }: { readonly group: ConsumerGroup }) {
  const { state, members, delayed } = group
  const stuck = members.reduce((sum, member) => sum + member.stuck.length, 0)
  return (
    <dl class="figures">
      {[
        ['state', <GroupState key="state" state={state} />] as const,
        ['members', count(members.length)] as const,
        ['lag', lagText(lagOfGroup(group))] as const,
        ['stuck handlers', <StuckCount key="stuck" stuck={stuck} />] as const,
        ['delayed records', count(delayed)] as const,
      ].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
