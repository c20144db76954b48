import type { ServerResponse } from 'node:http'
import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import { type GatewayLimits, mostReadBytes } from '../limits/limits.ts'
import type { GatewayMetrics } from '../limits/metrics.ts'
import { ReadBudget } from '../limits/read-budget.ts'
import type { RequestContext } from '../limits/request-context.ts'
import type { PartitionEnds } from '../standing/partition-ends.ts'
import { Subscription } from '../subscriptions/subscription.ts'
import type { OutOfRange } from '../subscriptions/subscription-sink.ts'
import { Subscriptions } from '../subscriptions/subscriptions.ts'
import type { EventsAsked } from './asked-events.ts'
import { type EventClient, EventSink } from './event-sink.ts'
import type { OpenStream } from './event-streams.ts'

/** The parts that all streams share. */
export interface EventStreamParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly limits: GatewayLimits
  readonly metrics: GatewayMetrics
  readonly reads: ReadBudget
  readonly ends: PartitionEnds
}

type AnswerHeaders = Readonly<Record<string, string | number | string[] | undefined>>

/** The ids of its events have to fit into a header of a request. */
export const mostStreamPartitions = 256
/** When a client that has lost its connection asks again. */
export const retryMs = 2_000
export const eventHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
} as const
/** Clients of a broker that stops come to others within so much time, not all at once. */
const retrySpreadMs = 2_000
/** The name of the subscription among those of its connection. */
const ownId = 'events'
const operation = 'GET /topics/:topic/stream'

/** One reader of server-sent events: a subscription whose credit is the room in its socket. */
export class EventStream implements EventClient, OpenStream {
  readonly #parts: EventStreamParts
  readonly #context: RequestContext
  readonly #response: ServerResponse
  readonly #headers: AnswerHeaders
  readonly #subscriptions: Subscriptions
  readonly #sink: EventSink
  readonly #begun = Promise.withResolvers<void>()
  #hasBegun = false
  #isOver = false

  /**
   * Nothing is sent before `open`. `headers`: of the answer.
   * @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION, TOO_MANY_SUBSCRIPTIONS, THROTTLED
   */
  constructor(
    { request, position, filter }: EventsAsked,
    context: RequestContext,
    { response, headers }: { response: ServerResponse; headers: AnswerHeaders },
    parts: EventStreamParts,
  ) {
    const { clock, random, ends, limits, metrics } = parts
    const { rights, sender } = context
    this.#parts = parts
    this.#context = context
    this.#response = response
    this.#headers = headers
    const most = Math.min(limits.maxSubscribedPartitions, mostStreamPartitions)
    this.#subscriptions = new Subscriptions({ ...limits, maxSubscribedPartitions: most }, sender.quotas)
    this.#sink = new EventSink({ topic: request.topic, position, filter }, this, metrics.transports.http_events)
    const client = {
      get roomy() {
        return response.writableLength <= limits.pauseBufferedBytes
      },
      reads: new ReadBudget(limits.maxConnectionReadBytes, mostReadBytes(limits), parts.reads),
      subscriptions: this.#subscriptions,
      sender,
      fault: (error: unknown) => this.#fault(error),
    }
    const reading = { api: rights.api, ends, checkRead: (name: string) => rights.checkRead(name) }
    const subscription = new Subscription(
      { ...request, credit: Number.MAX_SAFE_INTEGER },
      { ...reading, clock, random, client, sink: this.#sink, onEnd: () => {} },
    )
    try {
      this.#subscriptions.add(ownId, subscription, metrics.transports.http_events)
    } catch (error) {
      subscription.close()
      throw error
    }
  }

  /** Resolves when the answer has begun. Rejects, and has sent nothing, where the stream cannot begin. */
  open(): Promise<void> {
    const { limits, metrics } = this.#parts
    const response = this.#response
    response.on('drain', () => this.#subscriptions.wake())
    response.once('close', () => this.#stop())
    // Node counts time without progress. What lives and has nothing to read gets a heartbeat meanwhile.
    response.setTimeout(limits.slowReaderMs, () => {
      if (response.writableLength === 0) return
      metrics.slowReaders.inc()
      response.destroy()
    })
    if (response.destroyed) this.#stop()
    this.#subscriptions.get(ownId)?.start()
    return this.#begun.promise
  }

  begin(): void {
    if (this.#hasBegun || this.#isOver) return
    this.#hasBegun = true
    this.#response.writeHead(200, {
      ...this.#headers,
      ...eventHeaders,
    })
    this.send(`retry: ${retryMs}\n\n`)
    this.#begun.resolve()
  }

  send(events: string | Uint8Array): void {
    if (!this.#isOver) this.#response.write(events)
  }

  end(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    const isOvertaken = range !== undefined && range.offset < range.logStart
    if (!this.#hasBegun && !isOvertaken) {
      this.#stop(error)
      return
    }
    this.begin()
    const known = this.#context.known(error, operation)
    this.#parts.metrics.transports.http_events.failed(known.code)
    const next = isOvertaken ? range.logStart : known.place?.nextOffset
    // The client comes back behind what it cannot have.
    if (partition !== null && next !== undefined) this.#sink.position.move(partition, next)
    const told = { ...(partition !== null && { partition }), ...known.toJSON(), ...shownRange(range) }
    this.#endWith(isOvertaken ? 'overtaken' : 'error', told, '')
  }

  /** The broker stops: the client goes on with another. */
  shutDown(): void {
    const error = new TailraceError('SHUTTING_DOWN')
    if (!this.#hasBegun) this.#stop(error)
    const ms = retryMs / 2 + this.#parts.random.below(retrySpreadMs)
    this.#endWith('error', error.toJSON(), `retry: ${ms}\n`)
  }

  /** Not where something waits to be sent. */
  beat(): void {
    if (this.#hasBegun && this.#response.writableLength === 0) this.send(this.#sink.heartbeat())
  }

  #endWith(event: string, told: object, retry: string): void {
    if (this.#isOver) return
    this.send(`event: ${event}\nid: ${this.#sink.position}\n${retry}data: ${JSON.stringify(told)}\n\n`)
    this.#stop()
    this.#response.end()
  }

  /** Frees all that it holds. `error`: why it cannot begin. */
  #stop(error = new TailraceError('ABORTED')): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#subscriptions.clear()
    this.#begun.reject(error)
  }

  #fault(error: unknown): void {
    if (this.#isOver) return
    this.#parts.metrics.handlerFaults.inc()
    this.#parts.log.error({ err: error }, 'serving a stream of events failed; its connection is closed')
    this.#stop()
    this.#response.destroy()
  }
}

/** `missing`: records between the offset and the first that exists. */
function shownRange(range: OutOfRange | undefined): object {
  return range === undefined ? {} : { ...range, missing: Math.max(0, range.logStart - range.offset) }
}
