import { useState } from 'preact/hooks'
import type { GroupMove, Moves } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { count } from '../format.ts'
import { partitionLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { ledElsewhere, progressOfMove } from '../live/moves.ts'
import { useWatched } from '../live/use-watched.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { PreferredLeaders } from './preferred-leaders.tsx'

interface Row {
  readonly path: string
  readonly name: string
  /** Null: the group of the metadata, which has no page. */
  readonly link: string | null
  readonly move: GroupMove
}

function rowOf(move: GroupMove): Row {
  const { topic, partition } = move
  if (topic === null) return { path: '/cluster', name: 'the metadata', link: null, move }
  const path = topicPath(topic, `/partitions/${partition}`)
  return { path, name: `${topic}/${partition}`, link: partitionLink(topic, partition), move }
}

/** Changes of replicas under way with their progress, those that have failed, and leaders elsewhere. */
export function MovesPage() {
  const described = useLive().state?.described ?? []
  const { content, error } = useWatched<Moves>({ of: 'moves' })
  const [given, setGiven] = useState<Row | null>(null)
  return (
    <>
      <h1>Moves</h1>
      <Refusal error={error} />
      <h2>Changes of replicas</h2>
      {content === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <DataTable<Row>
          label="Changes of replicas"
          rows={content.moves.map(rowOf)}
          keyOf={({ path }) => path}
          empty="None is under way, and none of the last ones has failed."
          columns={[
            { title: 'Partition', of: ({ name, link }) => (link === null ? name : <a href={link}>{name}</a>) },
            { title: 'From brokers', of: ({ move }) => move.from.join(', ') },
            { title: 'To brokers', of: ({ move }) => move.to.join(', ') },
            { title: 'Progress', of: ({ move }) => <Progress move={move} /> },
            { title: 'Act', of: (row) => row.move.failed === null && <GiveUp onClick={() => setGiven(row)} /> },
          ]}
        />
      )}
      {content !== null && content.more > 0 && (
        <Notice>
          {count(content.more)} more are under way or have failed; the page of each partition has its own.
        </Notice>
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

function Progress({ move }: { readonly move: GroupMove }) {
  const { isFailed, lines, copied } = progressOfMove(move)
  return (
    <div>
      {lines.map((line) => (
        <div key={line} class={isFailed ? 'bad' : ''}>
          {isFailed ? `has failed: ${line}` : line}
        </div>
      ))}
      {copied !== null && <progress value={copied} aria-label="copied" />}
    </div>
  )
}
