import type { BrokerId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupRequests, PeerAnswer, RequestName } from '../partition/peers.ts'
import { FORMATION_OPERATION } from './formation/formation.ts'
import type { Welcome } from './formation/joining.ts'
import { JOIN_OPERATION } from './formation/joining.ts'
import { checkGroupList, checkGroupRequest } from './members/group-request-checks.ts'
import type { GroupRequestAnswerer } from './members/group-requests.ts'
import { GROUP_OPERATION } from './members/group-requests.ts'
import type { IdentifiedIntent, Intent, MetadataLeader } from './metadata/metadata-leader.ts'
import type { ProducerIds } from './metadata/producer-ids.ts'
import { METADATA_OPERATION } from './routing/metadata-client.ts'
import type { PartitionStatus } from './routing/partition-status.ts'
import { PARTITION_STATUS_OPERATION } from './routing/partition-status.ts'
import type { Publisher } from './routing/publisher.ts'
import type { Reader } from './routing/reader.ts'

const MAX_WAIT_MS = 30_000
const MAX_COMMAND_MS = 10_000

export interface PeerRequestsDeps {
  readonly groups: GroupRequests
  readonly publisher: Publisher
  readonly reader: Reader
  readonly status: PartitionStatus
  readonly producerIds: ProducerIds
  readonly leader: MetadataLeader
  readonly groupRequests: GroupRequestAnswerer
  readonly receiveFormation: (from: BrokerId, json: string) => Promise<string>
  /** A broker without a cluster asks to be admitted. */
  readonly receiveApplication: (from: BrokerId) => Promise<Welcome>
}

type Handlers = {
  readonly [Name in RequestName]: (from: BrokerId, fields: Message<Name>, body: Uint8Array) => Promise<PeerAnswer<Name>>
}

/**
 * What other brokers ask of this one. It answers as the leader or with NOT_LEADER: a request that was forwarded once never travels on, so two
 * brokers with wrong ideas of each other cannot play ball with it (M39).
 */
export function peerRequestHandlers(deps: PeerRequestsDeps): Handlers {
  const { publisher, reader, producerIds, groups } = deps
  return {
    CopyOpen: (from, fields) => groups.answer(from, 'CopyOpen', fields),
    CopyRead: (from, fields) => groups.answer(from, 'CopyRead', fields),
    CopyClose: (from, fields) => groups.answer(from, 'CopyClose', fields),
    ReadEntries: (from, fields) => groups.answer(from, 'ReadEntries', fields),
    // Takes its place in the log before the first await, so that arrival order is log order.
    async Publish(_from, { topic, partition, ...options }, body) {
      const { token, holders = [], ...place } = await publisher.publishAsLeader(topic, partition, body, options)
      return { fields: { ...place, ...token, holders }, body: [] }
    },
    async Fetch(_from, { topic, partition, offset, maxBytes, waitMs, topicId, ...wanted }) {
      const { tokenTerm: term = 0, tokenIndex: index = 0, tokenSeal: seal = '', linearizable = false } = wanted
      const token = index === 0 ? {} : { token: { term, index, seal } }
      const request = { offset, maxBytes, waitMs: Math.min(waitMs, MAX_WAIT_MS), linearizable, ...token }
      const { batches, nextOffset, highWatermark, logStart } = await reader
        .ledHere(topic, partition, topicId)
        .fetch(request)
      return { fields: { nextOffset, highWatermark, logStart }, body: batches }
    },
    async FindOffset(_from, { topic, partition, position, topicId, linearizable }) {
      const fields = await reader.ledHere(topic, partition, topicId).findOffset(position, linearizable)
      return { fields, body: [] }
    },
    async InitProducer() {
      return { fields: { producerId: await producerIds.take(), epoch: 0 }, body: [] }
    },
    async Admin(from, { operation, json }) {
      return { fields: { json: await administer(deps, from, operation, json) }, body: [] }
    },
  }
}

function administer(deps: PeerRequestsDeps, from: BrokerId, operation: string, json: string): Promise<string> {
  switch (operation) {
    case FORMATION_OPERATION:
      return deps.receiveFormation(from, json)
    case METADATA_OPERATION:
      return executeIntent(deps.leader, from, json)
    case PARTITION_STATUS_OPERATION:
      return partitionStatus(deps.status, json)
    case GROUP_OPERATION:
      return answerForGroup(deps.groupRequests, json)
    case JOIN_OPERATION:
      return welcome(deps, from)
    default:
      throw new TailraceError('UNSUPPORTED_MESSAGE', `Administrative operation "${operation}".`)
  }
}

async function executeIntent(leader: MetadataLeader, from: BrokerId, json: string): Promise<string> {
  const { timeoutMs, id, intent } = parse<Partial<IdentifiedIntent> & { timeoutMs: number }>(json) ?? {}
  if (typeof id !== 'string' || id === '' || id.length > 100 || typeof intent?.type !== 'string' || !(timeoutMs > 0))
    throw new TailraceError('INVALID_REQUEST', 'A command has an id, a type and a time limit.')
  const speaker = speakerOf(intent)
  if (speaker !== null && speaker !== from)
    throw new TailraceError('INVALID_REQUEST', `Broker ${from} cannot say "${intent.type}" for broker ${speaker}.`)
  return JSON.stringify(await leader.execute({ id, intent }, Math.min(timeoutMs, MAX_COMMAND_MS)))
}

/** The broker that alone can say this: of itself, or that an operator has asked it; null: any may. */
function speakerOf(intent: Intent): BrokerId | null {
  switch (intent.type) {
    case 'register-broker':
      return intent.broker?.id ?? 0
    case 'allocate-producer-ids':
    case 'replica-dropped':
    case 'join-broker':
    case 'remove-broker':
    case 'force-replicas':
    case 'forced-cluster':
    case 'set-feature-level':
      return intent.broker
    default:
      return null
  }
}

async function partitionStatus(status: PartitionStatus, json: string): Promise<string> {
  return JSON.stringify(await status.ledHere(checkGroupList(parse(json))))
}

async function answerForGroup(groupRequests: GroupRequestAnswerer, json: string): Promise<string> {
  return JSON.stringify(await groupRequests.answer(checkGroupRequest(parse(json))))
}

async function welcome(deps: PeerRequestsDeps, from: BrokerId): Promise<string> {
  return JSON.stringify(await deps.receiveApplication(from))
}

function parse<T>(json: string): T {
  try {
    return JSON.parse(json) as T
  } catch {
    throw new TailraceError('INVALID_REQUEST', 'The JSON of an administrative request cannot be read.')
  }
}
