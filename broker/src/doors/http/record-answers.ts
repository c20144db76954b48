import { Buffer } from 'node:buffer'
import { type Offset, TailraceError } from '@tailrace/schemas'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../../platform/clock.ts'
import { mostJsonBytes, readRun } from '../json/read-records.ts'
import { RestingQueue } from '../json/resting-queue.ts'
import { readLimits } from '../limits/limits.ts'
import type { Delivery } from '../standing/delivery.ts'
import type { Polled } from '../standing/long-polls.ts'
import type { RequestPlaces } from './load-shedding.ts'

/** Making so many bytes of JSON takes some milliseconds. */
const longWorkBytes = 1024 * 1024

/** Makes the bodies of answers with records: one for all requests that get the same delivery. */
export class RecordAnswers {
  readonly #places: RequestPlaces
  readonly #turns: RestingQueue

  constructor(clock: Clock, places: RequestPlaces) {
    this.#places = places
    this.#turns = new RestingQueue(clock)
  }

  /**
   * UTF-8. `end`: with it only records before it, and no high watermark, which others have to ask for again. Rejects
   * with OVERLOADED, with ABORTED where the client has left, and as `readRun` throws.
   */
  async text(
    reply: FastifyReply,
    gone: AbortSignal,
    { delivery, isShared, topicId, end }: Polled & Omit<Told, 'delivery'>,
  ): Promise<AnswerText> {
    const mostBytes = mostJsonBytes(delivery.found.batches, readLimits.jsonBytes)
    const inTurn = (write: () => AnswerText) => (mostBytes > longWorkBytes ? this.#turns.run(write) : write())
    if (!isShared || end !== undefined)
      return this.#kept(
        gone,
        inTurn(() => this.#own(reply, gone, { delivery, topicId, end }, mostBytes)),
      )
    const text = await this.#kept(
      gone,
      delivery.form('http', () => inTurn(() => textOf({ delivery, topicId }))),
    )
    this.#places.answer(reply, text.utf8.length)
    return text
  }

  #own(reply: FastifyReply, gone: AbortSignal, answer: Told, mostBytes: number): AnswerText {
    // The client has left, and the event 'close', which releases the room taken below, has been.
    if (gone.aborted) throw new TailraceError('ABORTED')
    // An answer that could not be kept is refused before the work. Later only the text counts, which may be many
    // times as long as the fetched batches.
    const room = this.#places.answer(reply, mostBytes)
    const text = textOf(answer)
    room.hold(text.utf8.length)
    return text
  }

  async #kept(gone: AbortSignal, made: AnswerText | Promise<AnswerText>): Promise<AnswerText> {
    const text = await made
    if (gone.aborted) throw new TailraceError('ABORTED')
    return text
  }
}

interface Told {
  readonly delivery: Delivery
  /** Of the topic that the records are of: another one may have the name by the next request. */
  readonly topicId: string
  readonly end?: Offset | undefined
}

export interface AnswerText {
  readonly utf8: Buffer
  /** Where to read on. */
  readonly nextOffset: Offset
}

function textOf({ delivery: { found, offset }, topicId, end }: Told): AnswerText {
  const { records, nextOffset } = readRun(found, offset, readLimits.jsonBytes, end)
  const open = end === undefined ? { highWatermark: found.highWatermark } : {}
  return { utf8: Buffer.from(JSON.stringify({ records, nextOffset, ...open, topicId })), nextOffset }
}
