import type { ErrorCode, GroupId } from '@tailrace/schemas'
import { partitionForKey, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { StreamAnswer, StreamRequest, StreamResultOf, StreamsApi, StreamsService } from '../../api/streams-api.ts'
import { STREAM_PARTITIONS, STREAMS_TOPIC } from '../../api/streams-api.ts'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import type { StreamLeaders } from '../../streams/leader/stream-leaders.ts'
import { unknownSubscription } from '../../streams/subscriptions/answers.ts'
import { streamRequestFields } from '../../streams/wire/request-fields.ts'
import { streamResultOf } from '../../streams/wire/result-fields.ts'
import { levelRefusal, STREAMS_LEVEL, SUBSCRIPTIONS_LEVEL } from '../metadata/feature-levels.ts'
import type { MetadataState, Topic } from '../metadata/metadata-state.ts'
import { isMissing } from '../metadata/required-topic.ts'
import type { LeaderDirectory, Leadership } from './leader-directory.ts'
import { StreamWaits } from './stream-waits.ts'
import type { Topics } from './topics.ts'

/** Through an election, usually over sooner; then the client tries again. */
const PATIENCE_MS = 5000
const REPLY_MS = 10_000
const PAUSE_MS = 50
const MOST_REPLICAS = 3
const NOTHING = new Uint8Array(0)

/** Nothing has been done: the request may be sent again, whatever it is. */
const undone: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_LEADER', 'LEADER_UNAVAILABLE', 'NOT_READY'])
/** It may have been done: what finds done what it asks for may be sent again. */
const unknown: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CONNECTION_LOST',
  'TIMED_OUT',
  'OUTCOME_UNKNOWN',
  'SHUTTING_DOWN',
])

export interface StreamsDeps {
  readonly brokerId: number
  /** New at each start. */
  readonly incarnation: string
  readonly state: MetadataState
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly topics: Pick<Topics, 'create'>
  readonly streamLeaders: Pick<StreamLeaders, 'answer'>
  readonly brokers: () => readonly number[]
  readonly clock: Clock
}

/** Brings requests about durable streams to their leaders: those of the partitions of one internal topic. */
export class Streams implements StreamsService {
  readonly #deps: StreamsDeps
  readonly #waits: StreamWaits
  #creation: Promise<unknown> | null = null
  #marks = 0

  constructor(deps: StreamsDeps) {
    this.#deps = deps
    this.#waits = new StreamWaits((request) => this.#ask(request, NOTHING, null), deps.clock)
  }

  /** For this broker itself. */
  get own(): StreamsApi {
    return this.#apiOf(null)
  }

  for(asker: Asker): StreamsApi {
    return this.#apiOf(asker)
  }

  #apiOf(asker: Asker | null): StreamsApi {
    return {
      ask: (request, body = NOTHING) => this.#ask(this.#marked(request), body, asker),
      wait: (place, waitMs, signal) => this.#waits.wait(place, waitMs, signal),
    }
  }

  #marked<Request extends StreamRequest>(request: Request): Request {
    if (request.kind !== 'create' || request.mark !== '') return request
    return { ...request, mark: `${this.#deps.incarnation}.${(this.#marks++).toString(36)}` }
  }

  /** For another broker. @throws TailraceError NOT_LEADER, and as StreamLeaders.answer */
  answerHere(request: StreamRequest, body: Uint8Array): Promise<StreamAnswer> {
    const topic = this.#deps.state.topics.get(STREAMS_TOPIC)
    if (topic === undefined) throw new TailraceError('NOT_LEADER')
    return this.#deps.streamLeaders.answer(groupOf(topic, request), request, body)
  }

  async #ask<Request extends StreamRequest>(
    request: Request,
    body: Uint8Array,
    asker: Asker | null,
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    const { clock } = this.#deps
    let end: number | null = null
    for (;;) {
      try {
        const refusal = levelRefusal(...neededFor(request), this.#deps.state.head)
        if (refusal !== null) throw refusal
        const missing = this.#answerWithoutTopic(request)
        if (missing !== null) return missing as StreamAnswer<StreamResultOf<Request>>
        const topic = await this.#topic(request)
        return await this.#attempt(groupOf(topic, request), request, body, asker)
      } catch (error) {
        const { code, message } = TailraceError.from(error)
        if (unknown.has(code) && !isRepeatable(request)) throw new TailraceError('OUTCOME_UNKNOWN', message)
        if (!undone.has(code) && !unknown.has(code)) throw error
        // Counted from the first failure: the time before it was a wait that the client asked for.
        end ??= clock.monotonic() + PATIENCE_MS
        if (clock.monotonic() >= end) throw new TailraceError('STREAMS_UNAVAILABLE', message, { cause: error })
        await pause(clock, PAUSE_MS)
      }
    }
  }

  /** Where no stream has ever been made there is no subscription either. */
  #answerWithoutTopic(request: StreamRequest): StreamAnswer | null {
    const { state } = this.#deps
    if (request.kind !== 'subscription' || isMaking(request) || state.topics.has(STREAMS_TOPIC)) return null
    if (isMissing(state, STREAMS_TOPIC).code !== 'UNKNOWN_TOPIC') return null
    return { result: { kind: 'subscription', answer: unknownSubscription(request.act) }, body: NOTHING }
  }

  async #attempt<Request extends StreamRequest>(
    group: GroupId,
    request: Request,
    body: Uint8Array,
    asker: Asker | null,
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    const { brokerId, directory, streamLeaders } = this.#deps
    const leadership = await directory.leaderOf(group, PATIENCE_MS)
    if (leadership.leader !== brokerId) return this.#askThere(group, leadership, { request, body, asker })
    return (await streamLeaders.answer(group, request, body)) as StreamAnswer<StreamResultOf<Request>>
  }

  async #askThere<Request extends StreamRequest>(
    group: GroupId,
    leadership: Leadership,
    asked: { readonly request: Request; readonly body: Uint8Array; readonly asker: Asker | null },
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    const { peers, directory, state } = this.#deps
    const { request, body, asker } = asked
    const fields = { ...streamRequestFields(request), ...askedBy(asker, state.security.version) }
    const waitMs = request.kind === 'wait' ? request.waitMs : 0
    try {
      const pieces = body.length === 0 ? [] : [body]
      const reply = await peers.request(leadership.leader, 'Stream', fields, pieces, waitMs + REPLY_MS)
      return { result: streamResultOf(request, reply.fields.result), body: reply.body }
    } catch (error) {
      if (TailraceError.from(error).code === 'NOT_LEADER') directory.deny(group, leadership)
      throw error
    }
  }

  /** The topic is made when the first stream is. @throws TailraceError UNKNOWN_STREAM, NOT_READY */
  async #topic(request: StreamRequest): Promise<Topic> {
    const { kind, path } = request
    const { state, directory } = this.#deps
    const known = state.topics.get(STREAMS_TOPIC)
    if (known !== undefined) return known
    // Retriable where this broker cannot tell.
    const missing = isMissing(state, STREAMS_TOPIC)
    if (missing.code !== 'UNKNOWN_TOPIC') throw missing
    if (kind !== 'create' && !isMaking(request))
      throw new TailraceError('UNKNOWN_STREAM', `${JSON.stringify(path.slice(0, 200))}.`)
    this.#creation ??= this.#create().finally(() => {
      this.#creation = null
    })
    await this.#creation
    const isHere = await directory.until(() => state.topics.has(STREAMS_TOPIC), PATIENCE_MS)
    if (!isHere) throw new TailraceError('NOT_READY', 'This broker has not heard of the topic of the streams yet.')
    return state.topics.get(STREAMS_TOPIC)!
  }

  async #create(): Promise<void> {
    const { topics, brokers } = this.#deps
    const replicas = Math.min(MOST_REPLICAS, brokers().length)
    try {
      await topics.create({ name: STREAMS_TOPIC, partitions: STREAM_PARTITIONS, replicas })
    } catch (error) {
      // Another broker was faster.
      if (TailraceError.from(error).code !== 'TOPIC_EXISTS') throw error
    }
  }
}

/** A stream is in the partition that a record with its path as the key would be in. */
export function streamPartition(path: string): number {
  return partitionForKey(new TextEncoder().encode(path), STREAM_PARTITIONS)
}

/** Some acts about subscriptions are for a partition of the streams that these are about. */
function groupOf({ partitions }: Topic, request: StreamRequest): GroupId {
  const partition =
    request.kind === 'subscription' && 'partition' in request.act
      ? request.act.partition
      : streamPartition(request.path)
  const found = partitions[partition]
  if (found === undefined) throw new TailraceError('INVALID_REQUEST', `There is no partition ${partition}.`)
  return found.group
}

function neededFor({ kind }: StreamRequest): readonly [what: string, level: number] {
  return kind === 'subscription' ? ['Subscriptions', SUBSCRIPTIONS_LEVEL] : ['Durable streams', STREAMS_LEVEL]
}

/** A subscription may be there before the first stream. */
function isMaking(request: StreamRequest): boolean {
  return request.kind === 'subscription' && request.act.act === 'put'
}

/**
 * Whether it may be carried out twice: a second deletion, or an append without a producer, does something else; a
 * second claim or ack finds that the wake has a holder, or is over.
 */
function isRepeatable(request: StreamRequest): boolean {
  if (request.kind === 'subscription') return !['claim', 'ack', 'release'].includes(request.act.act)
  return request.kind === 'append' ? request.producer !== null : request.kind !== 'delete'
}
