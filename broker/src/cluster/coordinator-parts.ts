import { NO_BROKER } from '@tailrace/schemas'
import type { Asker } from '../api/broker-api.ts'
import { STREAM_PARTITIONS, STREAMS_TOPIC } from '../api/streams-api.ts'
import { Coordinators } from '../consumer-groups/coordinator/coordinators.ts'
import { PartitionEnds } from '../consumer-groups/coordinator/partition-ends.ts'
import type { Authorizer } from '../security/access/authorizer.ts'
import { streamResource } from '../security/access/stream-needs.ts'
import type { CredentialKind } from '../security/identity/session.ts'
import type { StreamLeaders } from '../streams/leader/stream-leaders.ts'
import type { SubscriptionSurroundings } from '../streams/subscriptions/desk.ts'
import type { MetadataState } from './metadata/metadata-state.ts'
import type { ClusterNodeDeps } from './node-deps.ts'
import type { ReplicaMachines } from './replicas/reconciler.ts'
import type { PartitionStatus } from './routing/partition-status.ts'
import { streamPartition } from './routing/streams.ts'

interface Underneath {
  readonly state: MetadataState
  readonly authorizer: Authorizer
  readonly status: PartitionStatus
}

/** The consumer groups that are coordinated here, with what their coordinators know of topics and rights. */
export function createCoordinators(
  { groups, store, clock, logger, consumerGroupExpirationMs: expirationMs = 0 }: ClusterNodeDeps,
  { state, authorizer, status }: Underneath,
): Coordinators {
  const endsOf = async ({ id }: { readonly id: string }): Promise<number[]> => {
    const topic = state.topicsById.get(id)
    const partitions = topic === undefined ? [] : await status.describe(topic)
    return partitions.map(({ leader, highWatermark }) => (leader === NO_BROKER ? -1 : highWatermark))
  }
  const mayRead = (asker: Asker | null, name: string): boolean => {
    if (asker === null) return true
    const asked = { ...asker, kind: asker.kind as CredentialKind, scope: null }
    return authorizer.decide(asked, 'read', { type: 'topic', name }).allowed
  }
  const ends = new PartitionEnds({ view: state, endsOf, clock, logger })
  return new Coordinators({ groups, store, view: state, ends, mayRead, expirationMs, clock, logger })
}

/** What subscriptions to durable streams need of this broker. */
export function subscriptionSurroundings(
  { random, crypto, webhooks = null }: ClusterNodeDeps,
  { authorizer, state }: Pick<Underneath, 'authorizer' | 'state'>,
): SubscriptionSurroundings {
  return {
    random,
    crypto,
    webhooks,
    may(who, operation, stream) {
      if (who === null) return true
      const isGone = who.kind === 'scram' && !state.security.users.has(who.principal.slice('User:'.length))
      if (isGone) return false
      const asked = { ...who, kind: who.kind as CredentialKind, scope: null }
      return authorizer.decide(asked, operation, streamResource(stream)).allowed
    },
    partitionOf: streamPartition,
    partitions: STREAM_PARTITIONS,
  }
}

/** Each topic whose partitions drive state machines has its own kind of them. */
export function replicaMachines(coordinators: Coordinators, streamLeaders: StreamLeaders): ReplicaMachines {
  const both = [coordinators, streamLeaders]
  return {
    machineOf: (topic, group, isBlank) =>
      (topic === STREAMS_TOPIC ? streamLeaders : coordinators).machineOf(group, isBlank),
    has: (group) => both.some((one) => one.has(group)),
    async forget(group) {
      for (const one of both) if (one.has(group)) await one.forget(group)
    },
  }
}
