import { type Offset, TailraceError } from '@tailrace/schemas'
import type { ReadRequest } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Access } from './access.ts'
import { type GatewayLimits, readLimits } from './limits.ts'
import type { NewProducers } from './new-producers.ts'
import type { SenderQuotas } from './quotas/sender-quotas.ts'
import type { Rights } from './rights.ts'
import type { PublishedCounts, TransportMetrics } from './transport-metrics.ts'

/** No request may ask for more time. */
const longestPublishMs = 300_000

/** The sender: known before any byte of a request is read. */
export interface Sender {
  /** See clientOf. */
  readonly client: string
  readonly access: Access
  readonly rights: Rights
  /** The name that the client has given itself; empty: none. */
  readonly clientId: string
  readonly quotas: SenderQuotas
  /** Nobody on the way reads along: it comes over TLS, or from this machine. */
  readonly secret: boolean
}

/** The parts that the requests of all doors share. */
export interface ContextParts {
  readonly clock: Clock
  readonly log: Logger
  readonly limits: GatewayLimits
  readonly newProducers: NewProducers
}

/** A read as a client words it. Bounds are put to it by `RequestContext.read`. */
export interface AskedRead {
  readonly offset: Offset
  /** 0 or less: as much as the broker usually gives. */
  readonly maxBytes: number
  readonly waitMs: number
  readonly token?: ReadRequest['token']
  readonly replica: boolean
  readonly linearizable: boolean
  readonly topicId?: string | undefined
}

/**
 * One of each WebSocket and protocol, and one of each HTTP request: the rights of its sender, its time limit, its read
 * limit, and the metrics in which it is counted. Doors ask here, so that a rule of one of them is a rule of all.
 */
export class RequestContext {
  readonly sender: Sender
  readonly metrics: TransportMetrics
  readonly #parts: ContextParts

  constructor(sender: Sender, metrics: TransportMetrics, parts: ContextParts) {
    this.sender = sender
    this.metrics = metrics
    this.#parts = parts
  }

  /** All that the sender may use of the broker. */
  get rights(): Rights {
    return this.sender.rights
  }

  /** @throws TailraceError ORIGIN_REFUSED: a page of a foreign origin reads only */
  checkWrite(): void {
    if (this.sender.access !== 'write') throw new TailraceError('ORIGIN_REFUSED')
  }

  /** Counts a producer id that the sender requests. @throws TailraceError ORIGIN_REFUSED, TOO_MANY_PRODUCERS */
  takeProducer(): void {
    this.checkWrite()
    this.#parts.newProducers.take(this.sender.client, this.#parts.clock.monotonic())
  }

  /** How long a publish may take. `askedMs` 0: the client leaves it to the broker. */
  publishMs(askedMs = 0): number {
    return askedMs > 0 ? Math.min(askedMs, longestPublishMs) : this.#parts.limits.requestTimeoutMs
  }

  /**
   * The read within the bounds of one. `gone` fires when the client does not wait for it any more.
   * @throws TailraceError INVALID_REQUEST: it asks for two things that exclude each other
   */
  read(asked: AskedRead, gone: AbortSignal): ReadRequest {
    const { offset, maxBytes, waitMs, token, replica, linearizable, topicId = '' } = asked
    if (replica && linearizable) {
      const detail = 'linearizable: only the leader can answer so, and replica asks not to ask it.'
      throw new TailraceError('INVALID_REQUEST', detail)
    }
    const bounded = {
      offset,
      maxBytes: maxBytes > 0 ? Math.min(maxBytes, readLimits.maxBytes) : readLimits.defaultBytes,
      waitMs: Math.min(Math.max(waitMs, 0), readLimits.maxWaitMs),
      replica,
      linearizable,
      topicId,
      signal: gone,
    }
    return token === undefined ? bounded : { ...bounded, token }
  }

  /** Monotonic milliseconds, for `published`. */
  now(): number {
    return this.#parts.clock.monotonic()
  }

  /** Counts an acknowledged publish that began at `startedAt`. */
  published(published: PublishedCounts, startedAt: number): void {
    this.metrics.published(published, (this.#parts.clock.monotonic() - startedAt) / 1000)
  }

  /**
   * The error that a client may see. An error that is no TailraceError is written to the log, and concealed; a refusal
   * goes to the audit. `asked`: the operation, by the name that the door has for it.
   */
  known(error: unknown, asked: string): TailraceError {
    const known = TailraceError.concealed(error)
    const { client, clientId, rights } = this.sender
    if (known !== error) this.#parts.log.error({ err: error, client, clientId, asked }, 'a request failed unexpectedly')
    rights.answered(asked, known)
    return known
  }
}
