import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import { BATCH_HEADER_BYTES, NO_BROKER, producerIdAt, TailraceError } from '@tailrace/schemas'
import type { Asker, PublishOptions } from '../../api/broker-api.ts'
import type { Group, Groups } from '../../partition/group.ts'
import type { Peers } from '../../partition/peers.ts'
import { conditionFields } from '../../partition/publish-condition.ts'
import type { PublishCondition, PublishResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { ANONYMOUS, brokerPrincipal } from '../../security/identity/principal.ts'
import type { MetadataState, Topic } from '../metadata/metadata-state.ts'
import { partitionOf, requirePartition, requireTopic } from '../metadata/required-topic.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import type { AskedBatch, LaneBudget, PublishTarget } from './publish-lane.ts'
import { PublishLane } from './publish-lane.ts'

export interface PublisherDeps {
  readonly brokerId: BrokerId
  readonly state: MetadataState
  readonly groups: Pick<Groups, 'get'>
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
}

/** A request that another broker has forwarded. */
export interface Forwarded extends Pick<PublishOptions, 'timeoutMs' | 'topicId' | 'condition'> {
  readonly asker: Asker | undefined
  readonly from: BrokerId
}

/** Brings a batch to the partition's leader, here or elsewhere. */
export class Publisher {
  readonly #deps: PublisherDeps
  readonly #lanes = new Map<GroupId, PublishLane>()
  readonly #budget: LaneBudget = { requests: 0, bytes: 0 }

  constructor(deps: PublisherDeps) {
    this.#deps = deps
  }

  /**
   * See BrokerApi.publish. Not async: the batch takes its place (here, or among those sent to the leader) before this
   * returns.
   */
  publish(
    topic: string,
    partition: PartitionNumber,
    batch: Uint8Array,
    { timeoutMs, wait, topicId, asker, byBroker, condition }: PublishOptions,
  ): Promise<PublishResult> {
    try {
      const known = requireTopic(this.#deps.state, topic, topicId)
      const { group } = partitionOf(known, partition)
      this.#checkProducer(batch, asker, byBroker ? this.#deps.brokerId : null)
      const pick = (): PublishTarget | null => this.#target(known, partition, group)
      if (wait) return this.#hold(group, pick, { batch, asker, condition }, timeoutMs)
      const target = pick()
      if (target === null) return Promise.reject(new TailraceError('LEADER_UNAVAILABLE'))
      return target.attempt({ batch, asker, condition }, timeoutMs).catch((error) => {
        throw this.#failure(target, TailraceError.from(error))
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * As leader or not at all: a forwarded request is never forwarded again (M39). `from`: the broker that forwards it,
   * and vouches for the client.
   */
  async publishAsLeader(
    topic: string,
    partition: PartitionNumber,
    batch: Uint8Array,
    { timeoutMs, topicId, asker, from, condition }: Forwarded,
  ): Promise<PublishResult> {
    const { group } = requirePartition(this.#deps.state, topic, partition, topicId)
    const local = this.#deps.groups.get(group)
    if (local === undefined || !local.isLeader) throw new TailraceError('NOT_LEADER')
    this.#checkProducer(batch, asker, from)
    return this.#publishHere(local, batch, condition, timeoutMs)
  }

  /** The group's leadership may have changed. */
  leadershipChanged(group: GroupId): void {
    this.#lanes.get(group)?.drain()
  }

  /** The group is gone permanently. */
  forget(group: GroupId): void {
    this.#lanes.get(group)?.fail(new TailraceError('UNKNOWN_TOPIC'))
    this.#lanes.delete(group)
  }

  close(): void {
    for (const lane of this.#lanes.values()) lane.fail(new TailraceError('SHUTTING_DOWN'))
    this.#lanes.clear()
  }

  #hold(
    group: GroupId,
    pick: () => PublishTarget | null,
    asked: AskedBatch,
    timeoutMs: number,
  ): Promise<PublishResult> {
    const { batch } = asked
    const lane = this.#lanes.get(group) ?? new PublishLane(this.#deps.clock, this.#budget, pick)
    this.#lanes.set(group, lane)
    // Without bytes it accepts a fencing token: a second time changes nothing.
    const idempotent = batch.length === 0 || (batch.length >= BATCH_HEADER_BYTES && producerIdAt(batch, 0) >= 0)
    return lane.publish(asked, idempotent, timeoutMs).finally(() => {
      if (lane.idle && this.#lanes.get(group) === lane) this.#lanes.delete(group)
    })
  }

  /**
   * One look-up for each batch. A batch that is too short for a header is refused where it is checked. `broker`: the
   * one that has made the batch itself, or null.
   */
  #checkProducer(batch: Uint8Array, asker: Asker | undefined, broker: BrokerId | null): void {
    if (batch.length < BATCH_HEADER_BYTES) return
    const id = producerIdAt(batch, 0)
    if (id < 0) return
    const owner = this.#deps.state.producers.ownerOf(id)
    const { principal = ANONYMOUS, via = [] } = asker ?? {}
    if (owner === ANONYMOUS || owner === principal || (broker !== null && owner === brokerPrincipal(broker))) return
    // A cascade broker makes batches of what its clients want written, as brokers do.
    if (via.some((voucher) => voucher.principal === owner)) return
    throw new TailraceError('PRODUCER_NOT_YOURS', `${principal} may not publish under ${id}.`)
  }

  #target({ name: topic, id: topicId }: Topic, partition: PartitionNumber, group: GroupId): PublishTarget | null {
    const { brokerId, groups, directory } = this.#deps
    const local = groups.get(group)
    if (local?.isLeader) {
      const attempt = ({ batch, condition }: AskedBatch, ms: number): Promise<PublishResult> => {
        return this.#publishHere(local, batch, condition, ms)
      }
      return { leader: brokerId, term: local.term, attempt, deny: () => {} }
    }
    const found = directory.lookup(group)
    if (found.leader === NO_BROKER || found.leader === brokerId) return null
    return {
      ...found,
      attempt: (asked, timeoutMs) => this.#publishThere(found.leader, { topic, partition, timeoutMs, topicId }, asked),
      deny: () => directory.deny(group, found),
    }
  }

  async #publishHere(
    group: Group,
    batch: Uint8Array,
    condition: PublishCondition | undefined,
    timeoutMs: number,
  ): Promise<PublishResult> {
    return withDeadline(this.#deps.clock, timeoutMs, group.publish(batch, condition), () => {
      throw new TailraceError('OUTCOME_UNKNOWN')
    })
  }

  async #publishThere(
    leader: BrokerId,
    fields: { topic: string; partition: PartitionNumber; timeoutMs: number; topicId: string },
    { batch, asker, condition }: AskedBatch,
  ): Promise<PublishResult> {
    // The wire has whole milliseconds, the clock has not.
    const client = askedBy(asker, this.#deps.state.security.version)
    const whole = { ...fields, timeoutMs: Math.ceil(fields.timeoutMs), ...client }
    const { peers } = this.#deps
    const reply =
      condition === undefined
        ? await peers.request(leader, 'Publish', whole, [batch], fields.timeoutMs)
        : await peers.request(
            leader,
            'PublishIf',
            { ...whole, ...conditionFields(condition) },
            [batch],
            fields.timeoutMs,
          )
    const { baseOffset, lastOffset, duplicate, term = 0, index = 0, seal = '', holders = [] } = reply.fields
    const token = index === 0 ? {} : { token: { term, index, seal } }
    return { baseOffset, lastOffset, duplicate, ...token, holders }
  }

  /**
   * The error for a caller that retries by itself. The link was up when the batch was sent, so a lost one leaves the
   * outcome open.
   */
  #failure(target: PublishTarget, error: TailraceError): TailraceError {
    if (error.code === 'NOT_LEADER') target.deny()
    if (error.code === 'CONNECTION_LOST' || error.code === 'TIMED_OUT') return new TailraceError('OUTCOME_UNKNOWN')
    return error
  }
}
