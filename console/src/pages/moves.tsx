import { useState } from 'preact/hooks'
import { request, topicPath } from '../api/http.ts'
import { count } from '../format.ts'
import { partitionLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { ledElsewhere, type Move, moveOf } from '../live/moves.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { PreferredLeaders } from './preferred-leaders.tsx'
import { useMembers } from './use-members.ts'

/** Of partitions that are asked in turn. */
const MOST_ASKED = 500

interface Row {
  readonly path: string
  readonly name: string
  /** Null: the group of the metadata, which has no page. */
  readonly link: string | null
  readonly move: Move
}

/** Changes of replicas under way with their progress, those that have failed, and leaders elsewhere. */
export function MovesPage() {
  const { state } = useLive()
  const [given, setGiven] = useState<Row | null>(null)
  const described = state?.described ?? []
  const partitions = described.flatMap(({ name, partitions: all }) => all.map(({ partition }) => ({ name, partition })))
  const groups = [
    { path: '/cluster', name: 'the metadata', link: null },
    ...partitions.slice(0, MOST_ASKED).map(({ name, partition }) => ({
      path: topicPath(name, `/partitions/${partition}`),
      name: `${name}/${partition}`,
      link: partitionLink(name, partition),
    })),
  ]
  const { found, error, asked } = useMembers(groups.map(({ path }) => path))
  const rows = groups.flatMap((group): Row[] => {
    const members = found.get(group.path)
    const move = members === undefined ? null : moveOf(members)
    return move === null ? [] : [{ ...group, move }]
  })
  return (
    <>
      <h1>Moves</h1>
      <Refusal error={error} />
      <h2>Changes of replicas</h2>
      <DataTable<Row>
        label="Changes of replicas"
        rows={rows}
        keyOf={({ path }) => path}
        empty="None is under way, and none of the last ones has failed."
        columns={[
          { title: 'Partition', of: ({ name, link }) => (link === null ? name : <a href={link}>{name}</a>) },
          { title: 'From brokers', of: ({ move }) => move.from.join(', ') },
          { title: 'To brokers', of: ({ move }) => move.to.join(', ') },
          { title: 'Progress', of: ({ move }) => <Progress move={move} /> },
          { title: 'Act', of: (row) => !row.move.isFailed && <GiveUp onClick={() => setGiven(row)} /> },
        ]}
      />
      <p class="status">
        {count(Math.min(asked, groups.length))} of {count(groups.length)} groups have been asked in this round.
      </p>
      {partitions.length > MOST_ASKED && (
        <Notice>The first {count(MOST_ASKED)} partitions are asked; the page of each other one has its own.</Notice>
      )}
      <PreferredLeaders all={ledElsewhere(described)} />
      {given !== null && (
        <Confirm
          title={`Give up the change of ${given.name}`}
          action="Give up"
          onDone={() => request('DELETE', `${given.path}/members/change`)}
          onClose={() => setGiven(null)}
        >
          <p>It keeps the replicas that it has. It is too late once both majorities are needed.</p>
        </Confirm>
      )}
    </>
  )
}

function GiveUp({ onClick }: { readonly onClick: () => void }) {
  return (
    <button type="button" class="quiet" onClick={onClick}>
      Give up…
    </button>
  )
}

function Progress({ move: { isFailed, progress, copied } }: { readonly move: Move }) {
  return (
    <div>
      {progress.map((line) => (
        <div key={line} class={isFailed ? 'bad' : ''}>
          {isFailed ? `has failed: ${line}` : line}
        </div>
      ))}
      {copied !== null && <progress value={copied} aria-label="copied" />}
    </div>
  )
}
