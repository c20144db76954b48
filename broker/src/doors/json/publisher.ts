import type { BrokerId, Offset, PartitionNumber } from '@tailrace/schemas'
import { Compression, readTokenText, TailraceError, withDetail } from '@tailrace/schemas'
import type { Asker, BrokerApi } from '../../api/broker-api.ts'
import { refuseAnother } from '../../cluster/metadata/required-topic.ts'
import type { PublishResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Rights } from '../limits/rights.ts'
import { gatherBatches, type PartitionBatches } from './batches.ts'
import { type ConditionalRecords, publishConditionally } from './conditional-publish.ts'
import { type ProducerSlot, ProducerSlots, takeSequences } from './producer-slots.ts'
import type { RecordInput } from './record.ts'
import { type SendingDeps, sendUntilKnown } from './sending.ts'

export interface PublishedRecord {
  readonly partition: PartitionNumber
  readonly offset: Offset
}

/**
 * The places of a request's records, and for each partition the token of the last of them: a broker that holds that
 * record holds all before it.
 */
export interface Published {
  /** The id of their topic. */
  readonly topicId: string
  readonly offsets: readonly PublishedRecord[]
  readonly tokens: readonly {
    readonly partition: PartitionNumber
    readonly token: string
    readonly holders: readonly BrokerId[]
  }[]
  /** So many batches were written. */
  readonly batches: number
}

/**
 * Publishes the records of HTTP and JSON requests. Within a request each record is appended exactly once, through
 * elections and broken connections; a caller that sends the request again after an error may write it twice.
 */
export class JsonPublisher {
  readonly #deps: SendingDeps
  readonly #timeoutMs: number
  readonly #defaultMaxBatchBytes: number
  readonly #slots: ProducerSlots
  #turn: number

  constructor(parts: { api: BrokerApi; clock: Clock; random: Random; timeoutMs: number; maxBatchBytes: number }) {
    this.#deps = parts
    this.#timeoutMs = parts.timeoutMs
    this.#defaultMaxBatchBytes = parts.maxBatchBytes
    const { api, clock, random } = parts
    this.#slots = new ProducerSlots({ clock, random, initProducer: () => api.initProducer(null) })
    this.#turn = parts.random.below(1 << 16)
  }

  /**
   * Resolves with a place for each record, in the order given, once all are on a majority's disks.
   * `topicId`: the id of the topic; absent or empty: the topic that has the name.
   * `nameOf`: as of `Spread`.
   * Not atomic across batches: on an error some of them may be written, and the message says how many were.
   */
  async publish(
    sender: Pick<Rights, 'checkWrite' | 'session'>,
    topic: string,
    records: readonly RecordInput[],
    topicId?: string,
    nameOf?: (index: number) => string,
  ): Promise<Published> {
    sender.checkWrite(topic)
    const { id, partitions, maxBatchBytes } = this.#topic(topic)
    refuseAnother(topic, id, topicId)
    const groups = gatherBatches(records, {
      topic,
      partitions,
      unkeyedPartition: this.#turn++ % partitions,
      maxBatchBytes,
      now: this.#deps.clock.now(),
      nameOf,
    })
    const deadline = this.#deps.clock.monotonic() + this.#timeoutMs
    const slot = await this.#slots.borrow(deadline)
    const places = new Array<PublishedRecord>(records.length)
    const outcomes = await Promise.allSettled(
      groups.map((group) =>
        this.#publishPartition({ topic, id, slot, group, deadline, places, asker: sender.session }),
      ),
    )
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure !== undefined) throw explain(failure.reason, places)
    this.#slots.giveBack(slot)
    const batches = groups.reduce((sum, group) => sum + group.batches.length, 0)
    return { topicId: id, offsets: places, tokens: tokensOf(groups, outcomes), batches }
  }

  /**
   * Resolves with the place of the records, once they are on a majority's disks: all of them in one batch, written
   * once. Without a record the place is the end of the partition. Where it fails none is written; OUTCOME_UNKNOWN: all
   * may be.
   */
  async publishIf(
    sender: Pick<Rights, 'checkWrite' | 'session'>,
    topic: string,
    { partition, condition, records, nameOf }: ConditionalRecords,
    topicId?: string,
  ): Promise<PublishResult> {
    sender.checkWrite(topic)
    const { clock } = this.#deps
    const { id, partitions, maxBatchBytes } = this.#topic(topic)
    refuseAnother(topic, id, topicId)
    const deadline = clock.monotonic() + this.#timeoutMs
    const destination = { topic, id, partition, deadline, asker: sender.session, condition }
    const spread = { topic, partitions, unkeyedPartition: partition, maxBatchBytes, now: clock.now(), nameOf }
    return publishConditionally({ ...this.#deps, slots: this.#slots }, destination, records, spread)
  }

  /** The most that one batch of the topic may have, as it is set now; of one that is missing: as it would be. */
  maxBatchBytes(topic: string): number {
    return this.#deps.api.routing([topic]).topics[0]?.maxBatchBytes ?? this.#defaultMaxBatchBytes
  }

  /** The answer for the last batch. */
  async #publishPartition(work: PartitionWork): Promise<PublishResult | null> {
    let last: PublishResult | null = null
    for (const { writer, inputs } of work.group.batches) {
      const baseSequence = takeSequences(work.slot, `${work.id}/${work.group.partition}`, inputs.length)
      const { producerId, epoch } = work.slot
      const batch = writer.finish({ producerId, producerEpoch: epoch, baseSequence, compression: Compression.none })
      last = await sendUntilKnown(this.#deps, { ...work, partition: work.group.partition }, batch)
      const { baseOffset } = last
      for (let at = 0; at < inputs.length; at++) {
        work.places[inputs[at]!] = { partition: work.group.partition, offset: baseOffset + at }
      }
    }
    return last
  }

  /** As it is now: settings of a topic change, and its name may go to another topic. */
  #topic(name: string): { id: string; partitions: number; maxBatchBytes: number } {
    const topic = this.#deps.api.routing([name]).topics[0]
    if (topic === undefined || topic.partitions.length === 0) throw new TailraceError('UNKNOWN_TOPIC', `"${name}".`)
    const maxBatchBytes = topic.maxBatchBytes ?? this.#defaultMaxBatchBytes
    return { id: topic.id, partitions: topic.partitions.length, maxBatchBytes }
  }
}

interface PartitionWork {
  readonly topic: string
  readonly id: string
  readonly slot: ProducerSlot
  readonly group: PartitionBatches
  readonly deadline: number
  readonly places: PublishedRecord[]
  readonly asker: Asker
}

function tokensOf(
  groups: readonly PartitionBatches[],
  outcomes: readonly PromiseSettledResult<PublishResult | null>[],
): Published['tokens'] {
  const tokens: Published['tokens'][number][] = []
  for (const [at, outcome] of outcomes.entries()) {
    const result = outcome.status === 'fulfilled' ? outcome.value : null
    if (result?.token === undefined) continue
    const { partition } = groups[at]!
    tokens.push({ partition, token: readTokenText(result.token), holders: result.holders ?? [] })
  }
  return tokens
}

/** Adds to the error how many records of a request were written, unless none was. */
function explain(reason: unknown, places: readonly PublishedRecord[]): unknown {
  let written = 0
  for (const place of places) if (place !== undefined) written++
  if (written === 0 || !(reason instanceof TailraceError)) return reason
  return withDetail(reason, `${written} of the ${places.length} records are written.`)
}
