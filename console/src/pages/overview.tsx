import type { CascadeBroker } from '../api/answers.ts'
import { count, rate } from '../format.ts'
import { cascadeProblems } from '../live/cascade-health.ts'
import { problemsOf } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { worstFirst } from '../live/problem.ts'
import { useWatched } from '../live/use-watched.ts'
import { Notice } from '../parts/notice.tsx'
import { RateChart } from '../parts/rate-chart.tsx'
import { BrokersTable } from './brokers.tsx'

/** What runs, and what does not run well, why, and what to do. */
export function OverviewPage() {
  const { state, rates, history, now } = useLive()
  const hasCascade = state?.cluster?.brokers.some(({ level }) => level > 0) === true
  const { content } = useWatched<{ brokers: CascadeBroker[] }>(hasCascade ? { of: 'cascade' } : null)
  if (state === null) return <Notice>Waiting for the broker…</Notice>
  const { cluster, topics, described } = state
  const problems = worstFirst([...problemsOf(state), ...cascadeProblems(content?.brokers ?? [])])
  const total = described.reduce<number | null>((sum, topic) => {
    const one = rates.topic(topic, now)
    return sum === null || one === null ? null : sum + one
  }, 0)
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0)
  return (
    <>
      <h1>Overview</h1>
      <dl class="figures">
        <Figure name="brokers" value={count(cluster?.brokers.length ?? 0)} />
        <Figure name="topics" value={count(topics.length)} />
        <Figure name="partitions" value={count(partitions)} />
        <Figure name="records/s published" value={rate(total)} />
      </dl>
      <h2 id="health">Health</h2>
      {problems.length === 0 ? (
        <Notice kind="good">All is well.</Notice>
      ) : (
        <ul class="problems" aria-labelledby="health">
          {problems.slice(0, MOST_SHOWN).map((problem) => (
            <li key={problem.what} class={problem.severity}>
              <b>{problem.link === undefined ? problem.what : <a href={problem.link}>{problem.what}</a>}</b>
              <span>
                {problem.why} {problem.todo}
              </span>
            </li>
          ))}
        </ul>
      )}
      {problems.length > MOST_SHOWN && <p>and {count(problems.length - MOST_SHOWN)} more of the kind</p>}
      {described.length < topics.length && (
        <Notice>
          Health, rates, leaders and replicas are those of the first {count(described.length)} of {count(topics.length)}{' '}
          topics; the page of a topic has its own.
        </Notice>
      )}
      <h2>Records published</h2>
      <RateChart points={history.all} now={now} />
      <h2>Brokers</h2>
      {cluster === null ? (
        <Notice>You may not describe the cluster.</Notice>
      ) : (
        <BrokersTable cluster={cluster} described={described} />
      )}
    </>
  )
}

const MOST_SHOWN = 50

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
