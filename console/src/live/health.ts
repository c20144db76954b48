import type { ClusterState, PartitionState } from '../api/answers.ts'
import { brokerProblems } from './broker-health.ts'
import type { Problem } from './problem.ts'

/** What is not well. Pure: what a state says, and nothing else. */
export function problemsOf(state: ClusterState): Problem[] {
  const { cluster, described } = state
  const problems = brokerProblems(state)
  if (cluster?.metadataLeader === 0) problems.push(noMetadataLeader)
  for (const broker of cluster?.brokers ?? []) {
    if (broker.alive) continue
    problems.push({
      severity: broker.level === 0 ? 'bad' : 'warning',
      what: `Broker ${broker.id} is not reached`,
      why: `It was last known at ${broker.http || broker.peer || 'no address'}.`,
      todo: 'Start it again, or replace its replicas: docs/operations.md, “A broker or a disk is lost”.',
      link: '#/brokers',
    })
  }
  const dead = deadBrokers(state)
  for (const { name, partitions } of described) {
    for (const partition of partitions) {
      const problem = partitionProblem(partition, dead)
      if (problem !== null)
        problems.push({
          ...problem,
          what: `${name}/${partition.partition} ${problem.what}`,
          link: partitionLink(name, partition.partition),
        })
    }
  }
  return problems
}

const noMetadataLeader: Problem = {
  severity: 'bad',
  what: 'The metadata group has no leader',
  why: 'A majority of its voters cannot reach each other.',
  todo: 'Start the brokers that are missing: without a leader nothing can be created or changed.',
}

/** Null: it is well. `dead`: brokers that are not reached. */
export function partitionProblem(partition: PartitionState, dead: ReadonlySet<number>): Problem | null {
  const { leader, replicas, inSync } = partition
  const named = (brokers: readonly number[]): string => brokers.map((id) => `broker ${id}`).join(' and ')
  if (leader === 0) {
    const gone = replicas.filter((id) => dead.has(id))
    const why = gone.length === 0 ? 'An election is under way.' : `Of its replicas ${named(gone)} cannot be reached.`
    return {
      severity: 'bad',
      what: 'has no leader',
      why,
      todo: 'Records can be neither written nor read until it has one.',
    }
  }
  const behind = replicas.filter((id) => !inSync.includes(id))
  if (behind.length === 0) return null
  const gone = behind.filter((id) => dead.has(id))
  const slow = behind.filter((id) => !dead.has(id))
  const reasons = [
    ...(gone.length > 0 ? [`${capital(named(gone))} cannot be reached.`] : []),
    ...(slow.length > 0 ? [`${capital(named(slow))} ${slow.length === 1 ? 'does' : 'do'} not keep up.`] : []),
  ]
  if (2 * gone.length >= replicas.length)
    return {
      severity: 'bad',
      what: 'has no majority',
      why: reasons.join(' '),
      todo: 'No record is acknowledged until more of its replicas are reached.',
    }
  return {
    severity: 'warning',
    what: 'is under-replicated',
    why: reasons.join(' '),
    todo: 'It goes on as long as a majority of its replicas does.',
  }
}

export function topicLink(topic: string): string {
  return `#/topics/${encodeURIComponent(topic)}`
}

export function partitionLink(topic: string, partition: number): string {
  return `${topicLink(topic)}/${partition}`
}

/** Brokers that are not reached. */
export function deadBrokers(state: ClusterState | null): ReadonlySet<number> {
  return new Set(state?.cluster?.brokers.filter(({ alive }) => !alive).map(({ id }) => id))
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
