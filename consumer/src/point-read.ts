import {
  type Client,
  type Connection,
  codecs,
  crc32c,
  delay,
  orAborted,
  retryBackoff,
  throwIfAborted,
} from '@tailrace/client'
import { nearestFirst } from '@tailrace/client/nearest-route'
import * as schemas from '@tailrace/schemas'
import { type BrokerId, NO_BROKER, type Offset, TailraceError } from '@tailrace/schemas'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import { knowReadMessages } from '@tailrace/schemas/read-messages'
import { firstAnswer, type Way } from './first-answer.ts'
import type { ReadPlace, ReadSettings } from './read-options.ts'

/** Batches of one partition as a broker gave them, whole and checked. */
export interface ReadAnswer {
  readonly body: Uint8Array
  readonly nextOffset: Offset
  readonly highWatermark: Offset
  /** The broker whose own replica answered; null: the leader did. */
  readonly replica: BrokerId | null
}

/**
 * A new leader may not know yet that an acknowledged record is committed, and a broker may not know a new topic yet.
 */
const PATIENCE_MS = 5_000

const noToken = { term: 0, index: 0, seal: '' }

/**
 * Reads a place from the partition's leader or a replica that holds it, whichever answers first (M95). Committed
 * records are the same on every replica, so it does not matter which; a replica that has less answers NOT_CAUGHT_UP, or
 * nothing, and the next one is asked.
 * @throws TailraceError OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION, TIMED_OUT with the
 * last error as its cause, ABORTED, CLOSED
 */
export async function readPlace(
  client: Client,
  topic: string,
  place: ReadPlace,
  settings: ReadSettings,
  signal: AbortSignal,
): Promise<ReadAnswer> {
  knowReadMessages()
  const { surroundings } = client
  const { monotonic } = surroundings
  const started = monotonic()
  const left = (): number => Math.ceil(started + settings.timeoutMs - monotonic())
  const backoff = retryBackoff(surroundings)
  const mayPass = (error: TailraceError): boolean => {
    const isBehind = error.code === 'OFFSET_OUT_OF_RANGE' && typeof place.token === 'string'
    const mayLag = isBehind || error.code === 'TOPIC_ID_MISMATCH'
    return error.retriable || (mayLag && monotonic() - started < PATIENCE_MS)
  }
  await client.topic(topic, { timeoutMs: settings.timeoutMs, signal })
  let answered: TailraceError | undefined
  for (;;) {
    throwIfAborted(signal)
    let last: TailraceError
    try {
      const asking = new Asking(client, topic, place, settings, Math.max(1, left()))
      const isFinal = (error: TailraceError, way: number): boolean => asking.isLeader(way) && !mayPass(error)
      const first = firstAnswer(asking.ways(signal), settings.hedgeAfterMs, isFinal, surroundings)
      return await orAborted(first, signal)
    } catch (error) {
      last = TailraceError.from(error)
      // The round that the time cut off says nothing; what brokers answered before it says why.
      if (last.code === 'TIMED_OUT' && answered !== undefined)
        throw new TailraceError('TIMED_OUT', answered.message, { cause: answered })
      if (!mayPass(last)) throw last
      answered = last
    }
    const pause = Math.max(backoff.next(), last.retryAfterMs ?? 0)
    if (pause >= left()) throw new TailraceError('TIMED_OUT', last.message, { cause: last })
    await delay(pause, signal, surroundings)
    await client.refresh([topic]).catch(() => {})
  }
}

/** One round of asking. */
class Asking {
  readonly #client: Client
  readonly #topic: string
  readonly #place: ReadPlace
  readonly #settings: ReadSettings
  readonly #timeoutMs: number
  /** null: the broker that leads. */
  readonly #order: readonly (BrokerId | null)[]

  constructor(client: Client, topic: string, place: ReadPlace, settings: ReadSettings, timeoutMs: number) {
    this.#client = client
    this.#topic = topic
    this.#place = place
    this.#settings = settings
    this.#timeoutMs = timeoutMs
    if (settings.linearizable) {
      this.#order = [null]
      return
    }
    const route = client.metadata.topic(topic)
    const leader = route?.leaders[place.partition] ?? NO_BROKER
    const holders = place.holders?.length ? place.holders : (route?.replicas[place.partition] ?? [])
    const others = nearestFirst(
      client,
      [...new Set(holders)].filter((broker) => broker !== leader),
    )
    // The broker that is taken for the leader may have been deposed, and may forward the request to one that does not
    // answer. Its own replica answers.
    if (holders.includes(leader)) others.push(leader)
    const [nearest, ...more] = others
    this.#order = settings.first === 'holder' && nearest !== undefined ? [nearest, null, ...more] : [null, ...others]
  }

  isLeader(way: number): boolean {
    return this.#order[way] === null
  }

  ways(given: AbortSignal): Way<ReadAnswer>[] {
    return this.#order.map((broker) => (lost) => {
      const signal = AbortSignal.any([given, lost])
      return broker === null ? this.#askLeader(signal) : this.#askReplica(broker, signal)
    })
  }

  async #askLeader(signal: AbortSignal): Promise<ReadAnswer> {
    const { connection } = await orAborted(this.#client.route(this.#topic, this.#place.partition), signal)
    return this.#ask(connection, null, signal)
  }

  async #askReplica(broker: BrokerId, signal: AbortSignal): Promise<ReadAnswer> {
    try {
      return await this.#ask(await orAborted(this.#client.broker(broker), signal), broker, signal)
    } catch (error) {
      const known = TailraceError.from(error)
      if (known.retriable || signal.aborted) throw known
      // Only the leader can say that an offset or a topic does not exist: a replica may just be behind.
      throw new TailraceError('NOT_CAUGHT_UP', `Broker ${broker}: ${known.message}`, { cause: known })
    }
  }

  async #ask(connection: Connection, replica: BrokerId | null, signal: AbortSignal): Promise<ReadAnswer> {
    const { partition, offset, token, topicId = '' } = this.#place
    const { term, index, seal } = typeof token === 'string' ? parseReadToken(token) : noToken
    const { maxBytes, linearizable } = this.#settings
    const place = { topic: this.#topic, partition, offset, maxBytes, waitMs: 0 }
    const covered = { tokenTerm: term, tokenIndex: index, tokenSeal: seal }
    const fields = { ...place, ...covered, replica: replica !== null, topicId, linearizable }
    const reply = await connection.request('Fetch', fields, { timeoutMs: this.#timeoutMs, signal })
    const { nextOffset, highWatermark } = reply.fields
    if (replica !== null && reply.body.length === 0)
      throw new TailraceError('NOT_CAUGHT_UP', `Broker ${replica} has nothing from offset ${offset} on.`)
    checkBatches(reply.body, partition, offset, nextOffset)
    await loadCodecs(reply.body)
    return { body: reply.body, nextOffset, highWatermark, replica }
  }
}

/** So that the batches can be decompressed. @throws TailraceError UNSUPPORTED_COMPRESSION */
async function loadCodecs(body: Uint8Array): Promise<void> {
  const compressions = new Set<number>()
  schemas.forEachBatch(body, (start) => compressions.add(schemas.compressionAt(body, start)))
  for (const compression of compressions) await codecs.load(compression)
}

/** @throws TailraceError STORAGE_CORRUPT, CORRUPT_BATCH, INVALID_BATCH: the answer of this replica cannot be used */
function checkBatches(body: Uint8Array, partition: number, offset: Offset, nextOffset: Offset): void {
  let expected = -1
  schemas.forEachBatch(body, (start, end) => {
    const base = schemas.baseOffsetAt(body, start)
    if (!schemas.verifyBatch(body, start, end, crc32c))
      throw new TailraceError('CORRUPT_BATCH', `Partition ${partition} offset ${base}.`)
    const isFollowing = expected === -1 ? base <= offset : base === expected
    if (!isFollowing)
      throw new TailraceError(
        'STORAGE_CORRUPT',
        `Partition ${partition}: offset ${base} came for ${Math.max(expected, offset)}.`,
      )
    expected = schemas.endOffsetAt(body, start)
    if (expected <= offset)
      throw new TailraceError('STORAGE_CORRUPT', `Partition ${partition}: a batch ends before ${offset}.`)
  })
  // The broker counts the records that it has sent: if its count is further, a batch at the end did not come.
  const came = expected === -1 ? offset : expected
  if (nextOffset > came)
    throw new TailraceError(
      'STORAGE_CORRUPT',
      `Partition ${partition}: the answer ends at ${nextOffset}, its batches at ${came}.`,
    )
}
