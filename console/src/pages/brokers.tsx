import type { Broker, Cluster, TopicState } from '../api/answers.ts'
import { count } from '../format.ts'
import { useLive } from '../live/live.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Notice } from '../parts/notice.tsx'
import { Latency } from './latency.tsx'
import { Spread } from './spread.tsx'

export function BrokersPage() {
  const { state } = useLive()
  return (
    <>
      <h1>Brokers</h1>
      {state === null ? (
        <Notice>Waiting for the broker…</Notice>
      ) : state.cluster === null ? (
        <Notice>You may not describe the cluster.</Notice>
      ) : (
        <>
          <p>
            Cluster <code>{state.cluster.clusterId}</code>, feature level {state.cluster.featureLevel ?? '–'}
          </p>
          <BrokersTable cluster={state.cluster} described={state.described} />
          {state.described.length < state.topics.length && (
            <Notice>
              Leaders and replicas are those of the first {count(state.described.length)} of{' '}
              {count(state.topics.length)} topics.
            </Notice>
          )}
          <Spread />
          <Latency />
        </>
      )}
    </>
  )
}

/** With the replicas and leaderships of the topics that are described. */
export function BrokersTable({
  cluster,
  described,
}: {
  readonly cluster: Cluster
  readonly described: readonly TopicState[]
}) {
  const partitions = described.flatMap((topic) => topic.partitions)
  const leads = (id: number) => partitions.filter(({ leader }) => leader === id).length
  const holds = (id: number) => partitions.filter(({ replicas }) => replicas.includes(id)).length
  return (
    <DataTable<Broker>
      label="Brokers"
      rows={cluster.brokers}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Broker', of: ({ id }) => id },
        {
          title: 'State',
          of: ({ id, alive, draining = false }) => (
            <span class={alive ? 'good' : 'bad'}>
              {alive ? 'up' : 'not reached'}
              {draining ? ', is emptied' : ''}
              {id === cluster.metadataLeader ? ', leads the metadata' : ''}
            </span>
          ),
        },
        { title: 'Level', of: ({ level }) => (level === 0 ? '0 (replicas)' : `${level} (cascade)`) },
        { title: 'Rack', of: ({ rack = '–' }) => rack },
        { title: 'HTTP', of: ({ http }) => http },
        { title: 'Leads', of: ({ id, level }) => (level === 0 ? count(leads(id)) : '–'), isNumber: true },
        { title: 'Replicas', of: ({ id, level }) => (level === 0 ? count(holds(id)) : '–'), isNumber: true },
      ]}
    />
  )
}
