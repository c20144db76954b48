import type { BrokerId, ErrorCode, Message, PartitionNumber, Position, ProducerId } from '@tailrace/schemas'
import { forEachBatch, TailraceError } from '@tailrace/schemas'
import type { Asker, OffsetSearch, PublishOptions, ReadRequest } from '../api/broker-api.ts'
import type { ConsumerGroupRequest, ConsumerGroupResultOf } from '../api/consumer-groups-api.ts'
import { HeldBeats, waitOf } from '../consumer-groups/asking/held-beats.ts'
import { groupRequestFields } from '../consumer-groups/wire/request-fields.ts'
import { groupResultOf } from '../consumer-groups/wire/result-fields.ts'
import { conditionFields, fenceOf } from '../partition/publish-condition.ts'
import type { FetchResult, OffsetResult, PublishCondition, PublishResult } from '../partition/requests.ts'
import type { Clock } from '../platform/clock.ts'
import { pause } from '../platform/timing/pause.ts'
import type { LinkReply } from './upstream/source-link.ts'
import type { Uplink } from './upstream/uplink.ts'
import type { Vouching } from './upstream/vouching.ts'

/** Refused before anything was written: safe to send again. */
const notWritten: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NOT_LEADER', 'LEADER_UNAVAILABLE', 'NOT_READY'])
const againMs = 50
/** The time that an answer may take beyond the requested time: network and queues of one hop. */
const hopMs = 2_000
const askMs = 5_000
/** Requests that wait at the source; it stops reading from this broker at some hundreds. */
const mostHeldBeats = 64

/**
 * Requests that this broker forwards to its source: publishes, producers' ids, reads that only a replica can answer.
 */
export class Forwarding {
  readonly #uplink: Uplink
  readonly #vouch: Vouching
  readonly #clock: Clock
  readonly #beats: HeldBeats

  constructor(uplink: Uplink, vouch: Vouching, clock: Clock) {
    this.#uplink = uplink
    this.#vouch = vouch
    this.#clock = clock
    this.#beats = new HeldBeats(clock, mostHeldBeats)
  }

  /** See BrokerApi.publish. Frames leave in the order of the calls once there is a connection. */
  async publish(
    topic: string,
    partition: PartitionNumber,
    batch: Uint8Array,
    { timeoutMs, wait, topicId = '', asker, condition }: PublishOptions,
  ): Promise<PublishResult> {
    const deadline = this.#clock.monotonic() + timeoutMs
    const place = { topic, partition, topicId }
    for (;;) {
      try {
        return await this.#publishOnce({ ...place, ...this.#vouch.fields(asker) }, batch, { deadline, wait, condition })
      } catch (error) {
        const again = wait && error instanceof TailraceError && notWritten.has(error.code)
        if (!again || this.#clock.monotonic() + againMs >= deadline) throw error
        await pause(this.#clock, againMs)
      }
    }
  }

  async #publishOnce(
    place: Omit<Message<'Publish'>, 'correlation' | 'timeoutMs'>,
    batch: Uint8Array,
    { deadline, wait, condition }: { deadline: number; wait: boolean; condition: PublishCondition | undefined },
  ): Promise<PublishResult> {
    const left = (): number => Math.max(1, Math.ceil(deadline - this.#clock.monotonic()))
    const link = await this.#link(wait ? left() : 0)
    const fields = { ...place, timeoutMs: left() }
    const asked =
      condition === undefined
        ? link.request('Publish', fields, left() + hopMs, [batch])
        : link.request('PublishIf', { ...fields, ...conditionFields(condition) }, left() + hopMs, [batch])
    const { fields: reply } = await asked.catch(unknownOutcome)
    return publishResult(reply)
  }

  /** Null: for batches that this broker makes itself. */
  async initProducer(asker?: Asker | null): Promise<{ producerId: ProducerId; epoch: number }> {
    const asked = this.#vouch.fields(asker ?? undefined)
    const { fields } = await (await this.#link(askMs)).request('InitProducer', asked, askMs)
    return { producerId: fields.producerId, epoch: fields.epoch }
  }

  /** Where a position is at the source. */
  async findOffset(
    topic: string,
    partition: PartitionNumber,
    position: Position,
    { topicId = '', linearizable = false, asker }: OffsetSearch,
  ): Promise<OffsetResult> {
    const asked = { topic, partition, position, topicId, linearizable, ...this.#vouch.fields(asker) }
    const { fields } = await (await this.#link(0)).request('FindOffset', asked, askMs)
    const { offset, highWatermark, logStart } = fields
    return { offset, highWatermark, logStart, ...fenceOf(fields) }
  }

  /** See ConsumerGroupsApi.ask. @throws TailraceError COORDINATOR_UNAVAILABLE: the source cannot be reached */
  askCoordinator<Request extends ConsumerGroupRequest>(
    request: Request,
    asker?: Asker,
  ): Promise<ConsumerGroupResultOf<Request>> {
    return this.#beats.ask(request, async (asked) => {
      const fields = { ...groupRequestFields(asked), ...this.#vouch.fields(asker) }
      const link = await this.#link(askMs).catch(noCoordinator)
      const reply = await link.request('ConsumerGroup', fields, waitOf(asked) + 2 * askMs).catch(noCoordinator)
      return groupResultOf(asked, reply.fields.result)
    })
  }

  async fetch(topic: string, partition: PartitionNumber, request: ReadRequest): Promise<FetchResult> {
    const { offset, maxBytes, waitMs, token, topicId = '', linearizable = false, asker } = request
    const covered = token === undefined ? {} : { tokenTerm: token.term, tokenIndex: token.index, tokenSeal: token.seal }
    const place = { topic, partition, offset, maxBytes, waitMs: Math.ceil(waitMs), ...covered, topicId, linearizable }
    const fields = { ...place, ...this.#vouch.fields(asker) }
    const { fields: reply, body } = await (await this.#link(0)).request('Fetch', fields, waitMs + askMs)
    const batches: Uint8Array[] = []
    forEachBatch(body, (start, end) => batches.push(body.subarray(start, end)))
    const { nextOffset, highWatermark, logStart } = reply
    return { batches, bytes: body.length, nextOffset, highWatermark, logStart }
  }

  /** @throws TailraceError LEADER_UNAVAILABLE: nothing has been sent */
  async #link(timeoutMs: number) {
    const session = await this.#uplink.whenSession(timeoutMs)
    try {
      return await session.forward()
    } catch (error) {
      throw new TailraceError('LEADER_UNAVAILABLE', 'The source cannot be reached.', { cause: error })
    }
  }
}

/** Asking once more does no harm. */
function noCoordinator(error: unknown): never {
  const { code } = TailraceError.from(error)
  if (code !== 'CONNECTION_LOST' && code !== 'TIMED_OUT' && code !== 'LEADER_UNAVAILABLE') throw error
  throw new TailraceError('COORDINATOR_UNAVAILABLE', 'The source cannot be reached.', { cause: error })
}

/** Sent, and no answer: it may have been written. */
function unknownOutcome(error: unknown): never {
  const lost = error instanceof TailraceError && (error.code === 'CONNECTION_LOST' || error.code === 'TIMED_OUT')
  throw lost ? new TailraceError('OUTCOME_UNKNOWN', 'The source did not answer.', { cause: error }) : error
}

function publishResult(reply: LinkReply<'Publish'>['fields']): PublishResult {
  const {
    baseOffset,
    lastOffset,
    duplicate,
    term = 0,
    index = 0,
    seal = '',
    holders = [],
  } = reply as Message<'PublishReply'>
  const token = index > 0 ? { token: { term, index, seal } } : {}
  return { baseOffset, lastOffset, duplicate, ...token, holders: holders as readonly BrokerId[] }
}
