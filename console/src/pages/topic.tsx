import { useState } from 'preact/hooks'
import type { PartitionState, TopicState } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { count, rate } from '../format.ts'
import { deadBrokers, partitionLink, partitionProblem, topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { RateChart } from '../parts/rate-chart.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { TopicSettings } from './topic-settings.tsx'

/** Asked for itself until the watch of the page has it. */
const EVERY_MS = 2000

export function TopicPage({ name }: { readonly name: string }) {
  const { state } = useLive()
  const watched = state?.described.find((topic) => topic.name === name)
  const { content, error } = useAnswer<TopicState>(watched === undefined ? topicPath(name) : null, EVERY_MS)
  const topic = watched ?? content
  return (
    <>
      <Refusal error={error} />
      {topic !== null ? <Topic topic={topic} /> : error === null && <Notice>Waiting for the broker…</Notice>}
    </>
  )
}

function Topic({ topic }: { readonly topic: TopicState }) {
  const { state, rates, history, now } = useLive()
  // The topic that the dialog was opened for, which is not another one that gets its name meanwhile.
  const [deleted, setDeleted] = useState<string | null>(null)
  const { name, partitions } = topic
  const dead = deadBrokers(state)
  const remove = async (): Promise<void> => {
    await request('DELETE', `${topicPath(name)}?topicId=${encodeURIComponent(deleted!)}`)
    location.hash = '#/topics'
  }
  return (
    <>
      <h1>{name}</h1>
      <div class="bar">
        <a class="button" href={`${topicLink(name)}/records`}>
          Records
        </a>
        <button type="button" class="danger quiet" onClick={() => setDeleted(topic.id)}>
          Delete…
        </button>
      </div>
      {history.topic(topic.id).length > 0 && (
        <>
          <h2>Records published</h2>
          <RateChart points={history.topic(topic.id)} now={now} />
        </>
      )}
      <h2>Partitions</h2>
      <DataTable<PartitionState>
        label={`Partitions of ${name}`}
        rows={partitions}
        keyOf={({ partition }) => partition}
        columns={[
          {
            title: 'Partition',
            of: ({ partition }) => <a href={partitionLink(name, partition)}>{partition}</a>,
            isNumber: true,
          },
          { title: 'Health', of: (partition) => <Health partition={partition} dead={dead} /> },
          {
            title: 'Leader',
            of: ({ leader }) => (leader === 0 ? <span class="bad">none</span> : leader),
            isNumber: true,
          },
          { title: 'Replicas', of: (partition) => <Replicas partition={partition} /> },
          { title: 'Log start', of: ({ logStart }) => count(logStart), isNumber: true },
          { title: 'High watermark', of: ({ highWatermark }) => count(highWatermark), isNumber: true },
          { title: 'Records/s', of: ({ partition }) => rate(rates.partition(topic, partition, now)), isNumber: true },
        ]}
      />
      <TopicSettings topic={topic} />
      {deleted !== null && (
        <Confirm title={`Delete ${name}`} action="Delete" typed={name} onDone={remove} onClose={() => setDeleted(null)}>
          <p>Its records are gone then, on all brokers. This cannot be undone.</p>
        </Confirm>
      )}
    </>
  )
}

function Health({ partition, dead }: { readonly partition: PartitionState; readonly dead: ReadonlySet<number> }) {
  const problem = partitionProblem(partition, dead)
  if (problem === null) return <span class="good">well</span>
  return (
    <span class={problem.severity}>
      {problem.what}: {problem.why}
    </span>
  )
}

/** Those that do not keep up are struck out. */
function Replicas({ partition: { replicas, inSync } }: { readonly partition: PartitionState }) {
  return (
    <>
      {replicas.map((id, at) => (
        <span key={id}>
          {at > 0 && ', '}
          {inSync.includes(id) ? id : <s title="does not keep up">{id}</s>}
        </span>
      ))}
    </>
  )
}
