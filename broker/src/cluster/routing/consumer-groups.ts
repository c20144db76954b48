import type { ErrorCode, GroupId } from '@tailrace/schemas'
import { partitionForKey, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type {
  ConsumerGroupRequest,
  ConsumerGroupResult,
  ConsumerGroupResultOf,
  ConsumerGroupsApi,
  ConsumerGroupsService,
} from '../../api/consumer-groups-api.ts'
import { CONSUMER_GROUPS_TOPIC, COORDINATORS } from '../../api/consumer-groups-api.ts'
import { HeldBeats, waitOf } from '../../consumer-groups/asking/held-beats.ts'
import { listAll } from '../../consumer-groups/asking/list-all.ts'
import type { Coordinators } from '../../consumer-groups/coordinator/coordinators.ts'
import { groupRequestFields } from '../../consumer-groups/wire/request-fields.ts'
import { groupResultOf } from '../../consumer-groups/wire/result-fields.ts'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { CONSUMER_GROUPS_LEVEL, levelRefusal } from '../metadata/feature-levels.ts'
import type { MetadataState, Topic } from '../metadata/metadata-state.ts'
import { isMissing } from '../metadata/required-topic.ts'
import type { LeaderDirectory, Leadership } from './leader-directory.ts'
import type { Topics } from './topics.ts'

/** Through an election, usually over sooner; then the client tries again. */
const PATIENCE_MS = 5000
const REPLY_MS = 5000
const PAUSE_MS = 50
/** A broker takes some thousands of requests of another one at a time. */
const MOST_HELD_BEATS = 1000
const MOST_REPLICAS = 3

/** Every request may be sent twice: the second one finds done what it asks for. */
const repeatable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'NOT_READY',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'OUTCOME_UNKNOWN',
  'SHUTTING_DOWN',
])

export interface ConsumerGroupsDeps {
  readonly brokerId: number
  readonly state: MetadataState
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly topics: Pick<Topics, 'create'>
  readonly coordinators: Pick<Coordinators, 'answer'>
  readonly brokers: () => readonly number[]
  readonly clock: Clock
}

/** Brings requests about consumer groups to their coordinators: the leaders of the partitions of one internal topic. */
export class ConsumerGroups implements ConsumerGroupsService {
  readonly #deps: ConsumerGroupsDeps
  readonly #beats: HeldBeats
  #creation: Promise<unknown> | null = null

  constructor(deps: ConsumerGroupsDeps) {
    this.#deps = deps
    this.#beats = new HeldBeats(deps.clock, MOST_HELD_BEATS)
  }

  get own(): ConsumerGroupsApi {
    return this.#apiOf(null)
  }

  for(asker: Asker): ConsumerGroupsApi {
    return this.#apiOf(asker)
  }

  /** Null: this broker itself asks. */
  #apiOf(asker: Asker | null): ConsumerGroupsApi {
    const ask: ConsumerGroupsApi['ask'] = (request) => this.#ask(request, asker)
    return { ask, list: () => listAll(ask) }
  }

  /** For another broker. @throws TailraceError NOT_LEADER, and as Coordinators.answer */
  answerHere(request: ConsumerGroupRequest, asker: Asker | null): Promise<ConsumerGroupResult> {
    const topic = this.#deps.state.topics.get(CONSUMER_GROUPS_TOPIC)
    if (topic === undefined) throw new TailraceError('NOT_LEADER')
    return this.#deps.coordinators.answer(groupOf(topic, request), request, asker)
  }

  async #ask<Request extends ConsumerGroupRequest>(
    request: Request,
    asker: Asker | null,
  ): Promise<ConsumerGroupResultOf<Request>> {
    const { clock } = this.#deps
    let asked = request
    let end: number | null = null
    for (;;) {
      try {
        this.#checkLevel()
        const topic = await this.#topic(asked)
        if (topic === null) return withoutGroups(asked) as ConsumerGroupResultOf<Request>
        return await this.#attempt(groupOf(topic, asked), asked, asker)
      } catch (error) {
        const { code, message } = TailraceError.from(error)
        if (!repeatable.has(code)) throw error
        // Counted from the first failure: the time before it was a wait that the member asked for.
        end ??= clock.monotonic() + PATIENCE_MS
        if (clock.monotonic() >= end) throw new TailraceError('COORDINATOR_UNAVAILABLE', message, { cause: error })
        await pause(clock, PAUSE_MS)
      }
      if (asked.kind === 'beat') asked = { ...asked, waitMs: 0 }
    }
  }

  async #attempt<Request extends ConsumerGroupRequest>(
    group: GroupId,
    request: Request,
    asker: Asker | null,
  ): Promise<ConsumerGroupResultOf<Request>> {
    const { brokerId, directory, coordinators } = this.#deps
    const leadership = await directory.leaderOf(group, PATIENCE_MS)
    if (leadership.leader === brokerId)
      return (await coordinators.answer(group, request, asker)) as ConsumerGroupResultOf<Request>
    return this.#beats.ask(request, (asked) => this.#askThere(group, leadership, asked, asker))
  }

  async #askThere<Request extends ConsumerGroupRequest>(
    group: GroupId,
    leadership: Leadership,
    request: Request,
    asker: Asker | null,
  ): Promise<ConsumerGroupResultOf<Request>> {
    const { peers, directory, state } = this.#deps
    const fields = { ...groupRequestFields(request), ...askedBy(asker, state.security.version) }
    try {
      const reply = await peers.request(leadership.leader, 'ConsumerGroup', fields, [], waitOf(request) + REPLY_MS)
      return groupResultOf(request, reply.fields.result)
    } catch (error) {
      if (TailraceError.from(error).code === 'NOT_LEADER') directory.deny(group, leadership)
      throw error
    }
  }

  /** Null: there is none, and the request needs none. It is made when something is to be kept. */
  async #topic(request: ConsumerGroupRequest): Promise<Topic | null> {
    const { state, directory } = this.#deps
    const known = state.topics.get(CONSUMER_GROUPS_TOPIC)
    if (known !== undefined) return known
    // Retriable where this broker cannot tell.
    const missing = isMissing(state, CONSUMER_GROUPS_TOPIC)
    if (missing.code !== 'UNKNOWN_TOPIC') throw missing
    if (!keepsSomething(request)) return null
    this.#creation ??= this.#create().finally(() => {
      this.#creation = null
    })
    await this.#creation
    const isHere = await directory.until(() => state.topics.has(CONSUMER_GROUPS_TOPIC), PATIENCE_MS)
    if (!isHere) throw new TailraceError('NOT_READY', 'This broker has not heard of the topic of the coordinators yet.')
    return state.topics.get(CONSUMER_GROUPS_TOPIC)!
  }

  async #create(): Promise<void> {
    const { topics, brokers } = this.#deps
    const replicas = Math.min(MOST_REPLICAS, brokers().length)
    try {
      await topics.create({ name: CONSUMER_GROUPS_TOPIC, partitions: COORDINATORS, replicas })
    } catch (error) {
      // Another broker was faster.
      if (TailraceError.from(error).code !== 'TOPIC_EXISTS') throw error
    }
  }

  #checkLevel(): void {
    const refusal = levelRefusal('Consumer groups', CONSUMER_GROUPS_LEVEL, this.#deps.state.head)
    if (refusal !== null) throw refusal
  }
}

/** A group is coordinated by the partition that a record with its name as the key would be in. */
function groupOf({ partitions }: Topic, request: ConsumerGroupRequest): GroupId {
  const number =
    request.kind === 'list' ? request.partition : partitionForKey(new TextEncoder().encode(request.group), COORDINATORS)
  const partition = partitions[number]
  if (partition === undefined) throw new TailraceError('INVALID_REQUEST', `There is no coordinator ${number}.`)
  return partition.group
}

function keepsSomething(request: ConsumerGroupRequest): boolean {
  if (request.kind === 'beat') return request.epoch === 0
  return request.kind === 'commit' || (request.kind === 'alter' && !request.remove)
}

/** The answer where no group has ever been. @throws TailraceError UNKNOWN_CONSUMER_GROUP, FENCED_MEMBER */
function withoutGroups(request: ConsumerGroupRequest): ConsumerGroupResult {
  if (request.kind === 'list') return { kind: 'listed', groups: [] }
  if (request.kind === 'beat' || request.kind === 'delay') throw new TailraceError('FENCED_MEMBER')
  throw new TailraceError('UNKNOWN_CONSUMER_GROUP', `"${request.group}"`)
}
