import { useState } from 'preact/hooks'
import type { TopicSummary } from '../api/answers.ts'
import { request } from '../api/http.ts'
import { count, rate } from '../format.ts'
import { deadBrokers, partitionProblem, topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice } from '../parts/notice.tsx'

export function TopicsPage() {
  const { state, rates, now } = useLive()
  const [wanted, setWanted] = useState('')
  const [isCreating, setCreating] = useState(false)
  if (state === null) return <Notice>Waiting for the broker…</Notice>
  const dead = deadBrokers(state)
  const described = new Map(state.described.map((topic) => [topic.id, topic]))
  const rows = state.topics.filter(({ name }) => name.includes(wanted))
  const healthOf = ({ id }: TopicSummary) => {
    const ill = described.get(id)?.partitions.filter((partition) => partitionProblem(partition, dead) !== null)
    if (ill === undefined) return '–'
    return ill.length === 0 ? <span class="good">well</span> : <span class="bad">{ill.length} not well</span>
  }
  const recordsOf = ({ id }: TopicSummary) => {
    const topic = described.get(id)
    const sum = topic?.partitions.reduce((all, { highWatermark, logStart }) => all + highWatermark - logStart, 0)
    return sum === undefined ? '–' : count(sum)
  }
  const rateOf = ({ id }: TopicSummary) => {
    const topic = described.get(id)
    return rate(topic === undefined ? null : rates.topic(topic, now))
  }
  return (
    <>
      <h1>Topics</h1>
      <div class="bar">
        <label>
          Filter
          <input type="search" value={wanted} onInput={({ currentTarget }) => setWanted(currentTarget.value)} />
        </label>
        <button type="button" onClick={() => setCreating(true)}>
          Create a topic
        </button>
      </div>
      <DataTable<TopicSummary>
        label="Topics"
        rows={rows}
        keyOf={({ id }) => id}
        empty={state.topics.length === 0 ? 'There are no topics that you may see.' : 'No topic has that in its name.'}
        columns={[
          { title: 'Topic', of: ({ name }) => <a href={topicLink(name)}>{name}</a> },
          { title: 'Partitions', of: ({ partitions }) => count(partitions), isNumber: true },
          { title: 'Replicas', of: ({ replicas }) => count(replicas), isNumber: true },
          { title: 'Records', of: recordsOf, isNumber: true },
          { title: 'Records/s', of: rateOf, isNumber: true },
          { title: 'Health', of: healthOf },
        ]}
      />
      {isCreating && (
        <CreateTopic
          brokers={state.cluster?.brokers.filter(({ level }) => level === 0).length ?? null}
          onClose={() => setCreating(false)}
        />
      )}
    </>
  )
}

/** `brokers`: how many could hold replicas; null: the session may not see it. */
function CreateTopic({ brokers, onClose }: { readonly brokers: number | null; readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [partitions, setPartitions] = useState(6)
  const [replicas, setReplicas] = useState(Math.min(3, brokers ?? 1))
  const create = async (): Promise<void> => {
    await request('POST', '/topics', { name, partitions, replicas })
    location.hash = topicLink(name)
  }
  return (
    <Confirm title="Create a topic" action="Create" onDone={create} onClose={onClose}>
      <label>
        Name
        <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} required />
      </label>
      <label>
        Partitions
        <input
          type="number"
          min={1}
          value={partitions}
          onInput={({ currentTarget }) => setPartitions(currentTarget.valueAsNumber)}
          required
        />
      </label>
      <label>
        Replicas
        <input
          type="number"
          min={1}
          max={brokers ?? undefined}
          value={replicas}
          onInput={({ currentTarget }) => setReplicas(currentTarget.valueAsNumber)}
          required
        />
      </label>
    </Confirm>
  )
}
