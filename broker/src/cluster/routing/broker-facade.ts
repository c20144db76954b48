import type { BrokerId, PartitionNumber } from '@tailrace/schemas'
import type { BrokerApi, ClusterDescription } from '../../api/broker-api.ts'
import type { Peers } from '../../partition/peers.ts'
import { brokerPrincipal } from '../../security/identity/principal.ts'
import type { FormationRecord } from '../metadata/formation-record.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { OwnedProducerIds } from '../metadata/producer-ids.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import type { Publisher } from './publisher.ts'
import type { Reader } from './reader.ts'
import type { Topics } from './topics.ts'

export interface FacadeDeps {
  readonly brokerId: BrokerId
  readonly state: MetadataState
  readonly formation: () => FormationRecord | null
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'connected'>
  readonly publisher: Publisher
  readonly reader: Reader
  readonly topics: Topics
  readonly producerIds: OwnedProducerIds
  readonly readiness: () => { ready: boolean; reason: string }
  readonly listeners: Set<(topic: string, partition: PartitionNumber) => void>
}

/** The broker as HTTP, WebSocket and the rest see it. */
export function createBrokerApi(deps: FacadeDeps): BrokerApi {
  const { brokerId, state, peers, publisher, reader, topics, producerIds, listeners } = deps
  const alive = (id: BrokerId): boolean => id === brokerId || peers.connected(id)
  const clusterId = (): string => deps.formation()?.clusterId ?? ''
  return {
    brokerId,
    publish: (topic, partition, batch, options) => publisher.publish(topic, partition, batch, options),
    fetch: (topic, partition, request) => reader.fetch(topic, partition, request),
    findOffset: (topic, partition, position, search) => reader.findOffset(topic, partition, position, search),
    initProducer: async (asker) => {
      const principal = asker === null ? brokerPrincipal(brokerId) : asker?.principal
      return { producerId: await producerIds.take(principal), epoch: 0 }
    },
    createTopic: (request, asker) => topics.create(request, asker),
    deleteTopic: (name, topicId, asker) => topics.delete(name, topicId, asker),
    listTopics: () => topics.list(),
    topicsVersion: () => state.head.appliedIndex,
    topicIdOf: (name) => state.topics.get(name)?.id,
    describeTopic: (name, topicId, asker) => topics.describe(name, topicId, asker),
    routing: (names) => ({
      clusterId: clusterId(),
      brokers: [...state.brokers.values()].map(({ id, http, rack }) => {
        return { id, http, alive: alive(id), ...(rack !== undefined && { rack }) }
      }),
      topics: topics.route(names),
    }),
    describeCluster: async () => describeCluster(deps, clusterId(), alive),
    readiness: () => deps.readiness(),
    onLeadership: (listener) => {
      // Wrapped, so that the same function may listen twice and stop once.
      const own: typeof listener = (topic, partition) => listener(topic, partition)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}

/** Members of the cluster whether or not they have registered yet. */
export function knownBrokers(formation: FormationRecord | null, state: MetadataState): BrokerId[] {
  const ids = new Set([...(formation?.voters ?? []).map((voter) => voter.id), ...state.brokers.keys()])
  for (const id of state.joined.keys()) ids.add(id)
  return [...ids].filter((id) => !state.removed.has(id)).sort((a, b) => a - b)
}

function describeCluster(deps: FacadeDeps, clusterId: string, alive: (id: BrokerId) => boolean): ClusterDescription {
  const formation = deps.formation()
  const brokers = knownBrokers(formation, deps.state).map((id) => {
    const registered = deps.state.brokers.get(id)
    const founded = formation?.voters.find((voter) => voter.id === id)
    const peer = registered?.peer ?? deps.state.joined.get(id)?.peer ?? founded?.peer ?? ''
    const { levels, rack } = registered ?? {}
    const told = {
      ...(levels && { featureLevels: levels }),
      ...(rack !== undefined && { rack }),
      ...(deps.state.upkeep.draining.includes(id) && { draining: true as const }),
    }
    return { id, http: registered?.http ?? '', peer, level: 0, alive: alive(id), pid: registered?.pid ?? 0, ...told }
  })
  return {
    clusterId,
    metadataLeader: deps.directory.lookup(0).leader,
    featureLevel: deps.state.head.featureLevel,
    brokers,
  }
}
