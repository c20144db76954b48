import { type CascadeTree, cascadeTreeOf } from '@tailrace/client'
import type { BrokerId, CascadeReport, PartitionNumber, Term } from '@tailrace/schemas'
import type { Requests } from './requests.ts'
import { partitionPath } from './topics.ts'

export interface BrokerDescription {
  readonly id: BrokerId
  /** Where clients reach it, as host and port. */
  readonly http: string
  /** Where other brokers reach it, as host and port. */
  readonly peer: string
  /** 0, or that of a cascade broker. */
  readonly level: number
  /** Whether the metadata leader hears of it. */
  readonly alive: boolean
  /** Missing: it has not been told. */
  readonly rack?: string
  /** It is to be emptied. */
  readonly draining?: true
}

export interface ClusterDescription {
  readonly clusterId: string
  /** 0: none at the moment. */
  readonly metadataLeader: BrokerId
  readonly featureLevel?: number
  readonly brokers: readonly BrokerDescription[]
}

/** The members of a partition, and a change of them. */
export interface ReplicasDescription {
  /** 0: none at the moment. */
  readonly leader: BrokerId
  readonly term: Term
  /** staging: newcomers catch up; joint: the old and the new majority are both needed. */
  readonly stage: 'stable' | 'staging' | 'joint' | 'leaving'
  readonly voters: readonly BrokerId[]
  readonly learners: readonly BrokerId[]
  /** What was asked for and is not reached yet; null: nothing. */
  readonly target: readonly BrokerId[] | null
  readonly lastOutcome: {
    readonly outcome: 'done' | 'failed'
    readonly reason: string
    readonly target: readonly BrokerId[]
  } | null
}

export async function describeCluster(requests: Requests): Promise<ClusterDescription> {
  const cluster = (await requests.read('/cluster')) as ClusterDescription
  if (!Array.isArray(cluster?.brokers)) throw requests.strange('brokers')
  return cluster
}

export async function describeCascades(requests: Requests): Promise<CascadeTree> {
  const [cluster, reports] = await Promise.all([
    describeCluster(requests),
    requests.list<CascadeReport>('/cascade', 'brokers'),
  ])
  return cascadeTreeOf(cluster, reports)
}

/** Resolves with the leader. `to` undefined: the preferred one. */
export async function transferLeadership(
  requests: Requests,
  topic: string,
  partition: PartitionNumber,
  to: BrokerId | undefined,
): Promise<BrokerId> {
  const wish = to === undefined ? {} : { to }
  const answer = await requests.again('POST', partitionPath(topic, partition, '/leader'), wish)
  return (answer as { leader: BrokerId }).leader
}

export async function describeReplicas(
  requests: Requests,
  topic: string,
  partition: PartitionNumber,
): Promise<ReplicasDescription> {
  return (await requests.read(partitionPath(topic, partition, '/members'))) as ReplicasDescription
}

export async function changeReplicas(
  requests: Requests,
  topic: string,
  partition: PartitionNumber,
  replicas: readonly BrokerId[],
): Promise<void> {
  await requests.again('PUT', partitionPath(topic, partition, '/members'), { replicas })
}

export async function cancelReplicaChange(
  requests: Requests,
  topic: string,
  partition: PartitionNumber,
): Promise<void> {
  await requests.once('DELETE', partitionPath(topic, partition, '/members/change'))
}
