import { useState } from 'preact/hooks'
import type { PartitionState, TopicState } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { count, rate } from '../format.ts'
import { deadBrokers, partitionLink, partitionProblem, topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice } from '../parts/notice.tsx'
import { RateChart } from '../parts/rate-chart.tsx'
import { AddPartitions } from './add-partitions.tsx'
import { TopicSettings } from './topic-settings.tsx'

export function TopicPage({ name }: { readonly name: string }) {
  const { state } = useLive()
  const topic = state?.described.find((described) => described.name === name)
  if (topic !== undefined) return <Topic topic={topic} />
  // The watch has it a moment after the list of topics.
  if (state === null || state.topics.some((listed) => listed.name === name))
    return <Notice>Waiting for the broker…</Notice>
  return <Notice>The broker knows no topic {name} that you may see.</Notice>
}

function Topic({ topic }: { readonly topic: TopicState }) {
  const { state, rates, history, now } = useLive()
  // The topic that the dialog was opened for, which is not another one that gets its name meanwhile.
  const [deleted, setDeleted] = useState<string | null>(null)
  const [extended, setExtended] = useState<string | null>(null)
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
        <button type="button" class="quiet" onClick={() => setExtended(topic.id)}>
          Add partitions…
        </button>
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
      {extended !== null && (
        <AddPartitions name={name} topicId={extended} present={partitions.length} onClose={() => setExtended(null)} />
      )}
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
