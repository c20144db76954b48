import type { BrokerId, CascadeReport, PartitionNumber, Position } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type {
  Asker,
  BrokerApi,
  ClusterDescription,
  CreateTopicRequest,
  OffsetSearch,
  ReadRequest,
  RoutedTopic,
  TopicDescription,
  TopicSummary,
} from '../api/broker-api.ts'
import { refuseAnother } from '../cluster/metadata/required-topic.ts'
import { topicPath } from '../cluster/routing/topic-path.ts'
import { topicsToRoute } from '../cluster/routing/topics-to-route.ts'
import type { FetchResult, OffsetResult } from '../partition/requests.ts'
import type { Clock } from '../platform/clock.ts'
import type { HttpClient } from '../platform/http-client.ts'
import { pause } from '../platform/timing/pause.ts'
import type { CatchUp } from './catch-up.ts'
import { describeCascades } from './control/described-cascades.ts'
import type { CopiedPartition } from './copies/copied-partition.ts'
import { type Copies, summaryOf } from './copies/copies.ts'
import type { Forwarding } from './forwarding.ts'
import { positionOf } from './positions.ts'
import { notCopied } from './upstream/not-copied.ts'
import type { Uplink } from './upstream/uplink.ts'
import type { Vouching } from './upstream/vouching.ts'
import { checkTopicDescription, checkTopicSummary } from './wire/answer-checks.ts'

export interface FacadeDeps {
  readonly brokerId: BrokerId
  readonly http: string
  /** The report about itself. */
  readonly report: () => CascadeReport
  readonly clusterId: () => string
  readonly copies: Copies
  readonly uplink: Uplink
  readonly catchUp: CatchUp
  readonly forwarding: Forwarding
  readonly client: HttpClient
  readonly vouch: Vouching
  readonly clock: Clock
}

const askMs = 30_000
const figuresMs = 3_000
/** How long a topic that has been created above may take to be here. */
const arrivalMs = 3_000
const lookMs = 20

/** A cascade broker as HTTP, WebSocket and the rest see it: reads are answered here, other requests by the source. */
export function createCascadeApi(deps: FacadeDeps): BrokerApi {
  const { brokerId, copies, forwarding, uplink } = deps
  return {
    brokerId,
    publish: (topic, partition, batch, options) => forwarding.publish(topic, partition, batch, options),
    fetch: (topic, partition, request) => fetch(deps, topic, partition, request),
    findOffset: (topic, partition, position, search = {}) => findOffset(deps, topic, partition, position, search),
    initProducer: (asker) => forwarding.initProducer(asker),
    createTopic: (request, asker) => createTopic(deps, request, asker),
    deleteTopic: async (name, topicId, asker) => {
      await ask(deps, asker, 'DELETE', topicPath(name, '', topicId))
      uplink.session?.hurry()
    },
    listTopics: () => copies.topics().map(summaryOf),
    topicsVersion: () => copies.version,
    topicIdOf: (name) => copies.topic(name)?.id,
    describeTopic: (name, topicId, asker) => describeTopic(deps, name, topicId, asker),
    routing: (names) => {
      // It may have been created a moment ago.
      if (names.some((name) => copies.topic(name) === undefined && copies.other(name) === undefined))
        uplink.session?.hurry()
      return {
        clusterId: deps.clusterId(),
        brokers: [{ id: brokerId, http: deps.http, alive: true }],
        topics: topicsToRoute(
          names,
          // Those that are not copied are published to here, too.
          (name) => copies.topic(name) ?? copies.other(name),
          (topic) => topic.partitions,
        ).map((topic) => routed(brokerId, topic)),
      }
    },
    describeCluster: async () => describeCluster(deps),
    readiness: () => deps.catchUp.readiness(),
    // A client that reads from this broker continues to read from it; only partitions that a topic gets are news.
    onLeadership: (listener) => copies.onAdded(listener),
  }
}

/** @throws TailraceError TOPIC_NOT_COPIED, UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION */
function copyOf(deps: FacadeDeps, topic: string, partition: PartitionNumber, id: string | undefined): CopiedPartition {
  if (deps.copies.isElsewhere(topic)) throw notCopied(topic, deps)
  return deps.copies.partition(topic, partition, id)
}

async function fetch(
  deps: FacadeDeps,
  topic: string,
  partition: PartitionNumber,
  request: ReadRequest,
): Promise<FetchResult> {
  const { forwarding } = deps
  const copy = copyOf(deps, topic, partition, request.topicId)
  const { topicId } = copy
  // Records acknowledged a moment ago may not be here yet.
  if (request.linearizable === true) return forwarding.fetch(topic, partition, { ...request, topicId })
  if (request.token !== undefined) {
    // Tokens name entries by the index that replicas of level 0 give them.
    if (request.replica) throw new TailraceError('NOT_CAUGHT_UP', 'A cascade broker holds no replica.')
    return forwarding.fetch(topic, partition, { ...request, topicId })
  }
  try {
    const result = await copy.fetch(request)
    // A reader that was served elsewhere may be ahead of this broker: it waits, and its offset is not refused.
    if (request.offset > result.highWatermark && request.waitMs > 0 && !request.signal?.aborted) {
      await refuseWhatIsNowhere(forwarding, copy, request)
    }
    return result
  } catch (error) {
    // The disk has changed it; the source's bytes are the same ones.
    if (!(error instanceof TailraceError) || error.code !== 'STORAGE_CORRUPT') throw error
    const result = await forwarding.fetch(topic, partition, { ...request, topicId, waitMs: 0 })
    return { ...result, logStart: copy.logStart }
  }
}

/** @throws TailraceError OFFSET_OUT_OF_RANGE where the source knows that the partition has no such offset */
async function refuseWhatIsNowhere(
  forwarding: Forwarding,
  { topic, partition, topicId }: CopiedPartition,
  { offset, asker }: ReadRequest,
): Promise<void> {
  try {
    const position = { kind: 'OFFSET', value: offset } as const
    await forwarding.findOffset(topic, partition, position, { topicId, ...(asker && { asker }) })
  } catch (error) {
    if (error instanceof TailraceError && error.code === 'OFFSET_OUT_OF_RANGE') throw error
  }
}

async function findOffset(
  deps: FacadeDeps,
  topic: string,
  partition: PartitionNumber,
  position: Position,
  search: OffsetSearch,
): Promise<OffsetResult> {
  const { forwarding, uplink } = deps
  const copy = copyOf(deps, topic, partition, search.topicId)
  const exact = { ...search, topicId: copy.topicId }
  if (search.linearizable) return forwarding.findOffset(topic, partition, position, exact)
  const find = (wanted: Position) => forwarding.findOffset(topic, partition, wanted, exact)
  return positionOf(copy, position, find, uplink.last?.caughtUp !== false)
}

async function createTopic(deps: FacadeDeps, request: CreateTopicRequest, asker?: Asker): Promise<TopicSummary> {
  const { address, answer } = await ask(deps, asker, 'POST', '/topics', request)
  const topic = checkTopicSummary(answer, address)
  if (deps.copies.copies(topic.name)) await arrival(deps, topic)
  return topic
}

/** A topic that is there above will be here in a moment. */
async function arrival(deps: FacadeDeps, { name, id }: { readonly name: string; readonly id: string }): Promise<void> {
  const { clock, copies, uplink } = deps
  const deadline = clock.monotonic() + arrivalMs
  while (copies.topic(name)?.id !== id && clock.monotonic() < deadline) {
    uplink.session?.hurry()
    await pause(clock, lookMs)
  }
}

/** Leaders and replicas as level 0 has them, log start and high watermark as they are here, where it is copied. */
async function describeTopic(
  deps: FacadeDeps,
  name: string,
  topicId: string | undefined,
  asker: Asker | undefined,
): Promise<TopicDescription> {
  const { copies } = deps
  const told = await topicAbove(deps, name, topicId, asker)
  if (told !== null && !copies.copies(name)) return told
  if (copies.isElsewhere(name)) throw notCopied(name, deps)
  if (told !== null && copies.topic(name)?.id !== told.id) await arrival(deps, told)
  const topic = copies.topic(name)
  if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', `"${name}".`)
  refuseAnother(name, topic.id, topicId)
  // Leaders and settings of another topic of this name do not apply to the one that is here.
  const above = told?.id === topic.id ? told : null
  const partitions = copies.partitionsOf(topic.id).map(({ partition, logStart, highWatermark }) => {
    const { leader = 0, term = 0, replicas = [], inSync = [] } = above?.partitions[partition] ?? {}
    return { partition, leader, term, replicas, inSync, logStart, highWatermark }
  })
  return { name, id: topic.id, config: above?.config ?? topic.config, partitions }
}

/** Null while the source cannot tell. */
async function topicAbove(
  { uplink, client, vouch }: FacadeDeps,
  name: string,
  topicId: string | undefined,
  asker: Asker | undefined,
): Promise<TopicDescription | null> {
  try {
    const session = await uplink.whenSession(0)
    const { address } = session
    const path = topicPath(name, '', topicId)
    const answer = await client.request('GET', address, path, undefined, figuresMs, vouch.header(asker))
    return checkTopicDescription(answer, address)
  } catch (error) {
    if (error instanceof TailraceError && ['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH'].includes(error.code)) throw error
    return null
  }
}

/**
 * Clients are told that this broker leads everything, so that they read here and publish through here; the term 0 is
 * replaced by the term that any broker of level 0 tells them.
 */
function routed(brokerId: BrokerId, { name, id, config, partitions: count }: TopicSummary): RoutedTopic {
  const place = { leader: brokerId, term: 0, replicas: [brokerId] }
  const partitions = Array.from({ length: count }, (_, partition) => ({ partition, ...place }))
  return { name, id, maxBatchBytes: config.maxBatchBytes, partitions }
}

function describeCluster({ brokerId, report, clusterId, uplink }: FacadeDeps): ClusterDescription {
  const told = uplink.last?.cluster
  const others = (told?.brokers ?? []).filter(({ id }) => id !== brokerId)
  const level = told?.featureLevel === undefined ? {} : { featureLevel: told.featureLevel }
  // What level 0 has told of this broker is older than what it knows itself; its source's lag counts for both.
  const own = report()
  const lagAbove = others.find(({ id }) => id === own.source)?.load?.lagMs ?? 0
  const [described] = describeCascades([{ ...own, lagMs: own.lagMs + lagAbove }])
  const self = { ...described!, level: uplink.level, alive: true }
  return { clusterId: clusterId(), metadataLeader: told?.metadataLeader ?? 0, ...level, brokers: [...others, self] }
}

async function ask(
  { uplink, client, vouch }: FacadeDeps,
  asker: Asker | undefined,
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) {
  const { address } = await uplink.whenSession(figuresMs)
  return { address, answer: await client.request(method, address, path, body, askMs, vouch.header(asker)) }
}
