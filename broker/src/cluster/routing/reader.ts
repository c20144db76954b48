import type { BrokerId, ErrorCode, GroupId, PartitionNumber, Position } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { OffsetSearch, ReadRequest } from '../../api/broker-api.ts'
import type { Group, Groups } from '../../partition/group.ts'
import type { Peers } from '../../partition/peers.ts'
import type { FetchRequest, FetchResult, OffsetResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { abortable } from '../../platform/timing/deadline.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { partitionOf, requirePartition, requireTopic } from '../metadata/required-topic.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import { type RemoteFetch, RemoteReads } from './remote-reads.ts'

/** A read is held this long through an election, usually over sooner. */
const ELECTION_MS = 3000
const PAUSE_MS = 50

const retriable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'NOT_READY',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'SHUTTING_DOWN',
])

export interface ReaderDeps {
  readonly brokerId: BrokerId
  readonly state: MetadataState
  readonly groups: Pick<Groups, 'get'>
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
}

/**
 * Reads from the partition's leader, here or elsewhere. Reading twice does no harm, so temporary errors are retried.
 */
export class Reader {
  readonly #deps: ReaderDeps
  readonly #remote: RemoteReads

  constructor(deps: ReaderDeps) {
    this.#deps = deps
    this.#remote = new RemoteReads(deps)
  }

  /** See BrokerApi.fetch. */
  async fetch(topic: string, partition: PartitionNumber, request: ReadRequest): Promise<FetchResult> {
    const { clock, state } = this.#deps
    const known = requireTopic(state, topic, request.topicId)
    const { group } = partitionOf(known, partition)
    if (request.replica) return this.#fetchFromReplica(group, request)
    const askedAt = clock.monotonic()
    const end = askedAt + request.waitMs
    for (;;) {
      const left = (): number => Math.max(0, end - clock.monotonic())
      const { result, final } = await this.#atLeader<RemoteFetch>(
        group,
        request.signal,
        async (local) => ({ result: await local.fetch({ ...request, waitMs: left() }), final: true }),
        (leader) => {
          const part = { ...request, topicId: known.id, waitMs: left() }
          return this.#remote.fetch({ leader, group, topic, partition }, part, askedAt)
        },
      )
      if (result.batches.length > 0 || final) return result
      // Deleted or created anew meanwhile: say so now rather than at the end of the wait.
      requireTopic(state, topic, known.id)
    }
  }

  /** See BrokerApi.findOffset. */
  async findOffset(
    topic: string,
    partition: PartitionNumber,
    position: Position,
    { topicId, linearizable = false, asker }: OffsetSearch = {},
  ): Promise<OffsetResult> {
    const known = requireTopic(this.#deps.state, topic, topicId)
    return this.#atLeader(
      partitionOf(known, partition).group,
      undefined,
      (local) => local.findOffset(position, linearizable),
      (leader) =>
        this.#remote.findOffset(leader, { topic, partition, position, topicId: known.id, linearizable }, asker),
    )
  }

  /**
   * This broker's replica, if it leads (a forwarded request is never forwarded again, M39).
   * @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION, NOT_LEADER
   */
  ledHere(topic: string, partition: PartitionNumber, topicId?: string): Group {
    const { group } = requirePartition(this.#deps.state, topic, partition, topicId)
    const local = this.#deps.groups.get(group)
    if (local === undefined || !local.isLeader) throw new TailraceError('NOT_LEADER')
    return local
  }

  /** M95: this broker's own replica, leader or not. */
  #fetchFromReplica(group: GroupId, request: FetchRequest): Promise<FetchResult> {
    const local = this.#deps.groups.get(group)
    if (local === undefined) throw new TailraceError('NOT_CAUGHT_UP', 'This broker holds no replica of the partition.')
    return local.fetch(request)
  }

  /** @throws TailraceError LEADER_UNAVAILABLE when there is none for ELECTION_MS */
  async #atLeader<T>(
    group: GroupId,
    signal: AbortSignal | undefined,
    here: (local: Group) => Promise<T>,
    there: (leader: BrokerId) => Promise<T>,
  ): Promise<T> {
    const { groups, directory, clock, brokerId } = this.#deps
    let end: number | null = null
    for (;;) {
      if (signal?.aborted) throw new TailraceError('ABORTED')
      const local = groups.get(group)
      const leadership = directory.lookup(group)
      try {
        if (local?.isLeader) return await here(local)
        if (leadership.leader !== NO_BROKER && leadership.leader !== brokerId) {
          return await abortable(signal, there(leadership.leader))
        }
      } catch (error) {
        const { code } = TailraceError.from(error)
        // Counted from the first failure: the time before it was a wait that the caller asked for.
        end ??= clock.monotonic() + ELECTION_MS
        if (!retriable.has(code) || clock.monotonic() >= end) throw error
        if (code === 'NOT_LEADER') directory.deny(group, leadership)
        await pause(clock, PAUSE_MS)
      }
      end ??= clock.monotonic() + ELECTION_MS
      await this.#untilLed(group, signal, end - clock.monotonic())
    }
  }

  async #untilLed(group: GroupId, signal: AbortSignal | undefined, ms: number): Promise<void> {
    const { directory, groups, brokerId, state } = this.#deps
    const met = directory.until(
      () => {
        if (groups.get(group)?.isLeader || !state.mayExist(group)) return true
        const { leader } = directory.lookup(group)
        return leader !== NO_BROKER && leader !== brokerId
      },
      Math.max(0, ms),
    )
    if (!(await abortable(signal, met))) throw new TailraceError('LEADER_UNAVAILABLE')
    if (group !== METADATA_GROUP && !state.mayExist(group)) throw new TailraceError('UNKNOWN_TOPIC')
  }
}
