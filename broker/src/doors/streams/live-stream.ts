import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import type { GatewayMetrics } from '../limits/metrics.ts'
import type { OpenStream } from '../sse/event-streams.ts'
import { eventsOf, isText } from './event-text.ts'
import { cursorAfter } from './stream-cursor.ts'
import { type FoundPart, isAtOpenEnd, type StreamReader } from './stream-reader.ts'

/** Then the client comes back, by an address that no cache has an answer for. */
const LONGEST_MS = 60_000
const headersOf = (type: string) => ({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
  ...(!isText(type) && { 'stream-sse-data-encoding': 'base64' }),
})

export interface LiveStreamParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly limits: Pick<GatewayLimits, 'slowReaderMs' | 'pauseBufferedBytes'>
  readonly metrics: GatewayMetrics
}

/** A stream as server-sent events to one client. Not more is read than the client takes. */
export class LiveStream implements OpenStream {
  readonly #reader: StreamReader
  readonly #response: ServerResponse
  readonly #parts: LiveStreamParts
  readonly #gone = new AbortController()

  constructor(reader: StreamReader, response: ServerResponse, parts: LiveStreamParts) {
    this.#reader = reader
    this.#response = response
    this.#parts = parts
    response.once('close', () => this.#gone.abort())
    response.setTimeout(parts.limits.slowReaderMs, () => {
      if (response.writableLength === 0) return
      parts.metrics.slowReaders.inc()
      response.destroy()
    })
  }

  /** Sends what there is and what comes, until the stream is closed or the time is up. Never rejects. */
  async run(first: FoundPart, cursor: string | undefined, headers: object): Promise<void> {
    const { clock, log, metrics } = this.#parts
    const response = this.#response
    response.writeHead(200, { ...headers, ...headersOf(first.result.type) })
    try {
      await this.#follow(first, cursor, clock.monotonic() + LONGEST_MS)
    } catch (error) {
      // A client that leaves while it is waited for is no failure.
      if (this.#gone.signal.aborted) return
      // The stream is gone, or cannot be read here: the client comes back, and is told.
      const known = TailraceError.concealed(error)
      metrics.transports.http_events.failed(known.code)
      if (known !== error) log.error({ err: error }, 'a durable stream could not be followed')
    }
    response.end()
  }

  async #follow(first: FoundPart, cursor: string | undefined, end: number): Promise<void> {
    const { clock, limits } = this.#parts
    const { signal } = this.#gone
    const response = this.#response
    let part = first
    for (;;) {
      response.write(eventsOf(part, cursorAfter(cursor, this.#parts)))
      const { next, tail, closed } = part.result
      if (signal.aborted || (closed && next === tail)) return
      if (response.writableLength > limits.pauseBufferedBytes) await once(response, 'drain', { signal })
      const left = end - clock.monotonic()
      if (left <= 0) return
      part = await this.#reader.read(next)
      if (isAtOpenEnd(part)) part = await this.#reader.next(part, left, signal)
      if (isAtOpenEnd(part)) return
    }
  }

  beat(): void {
    if (this.#response.headersSent && this.#response.writableLength === 0) this.#response.write(':\n\n')
  }

  /** The broker stops: the client goes on with another. */
  shutDown(): void {
    this.#gone.abort()
    this.#response.end()
  }
}
