import type { Clock } from '../../platform/clock.ts'
import type { HttpReply } from '../../platform/node/http-exchange.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { authorizationFor } from '../access/authorization.ts'
import type { Connection } from '../access/connection.ts'
import type { BrokerBody, ClusterBody, TopicSummaryBody } from '../admin/answer-shapes.ts'
import { jsonOf } from '../json-text.ts'
import { MetricSamples } from './metric-samples.ts'

const MOST_BYTES = 256 * 1024 * 1024

export interface PageAsking {
  readonly connection: Connection
  readonly send: (exchange: {
    readonly method: string
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly signal: AbortSignal
    readonly maxBytes: number
  }) => Promise<HttpReply>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** So many milliseconds are enough for an answer. */
  readonly answerMs: number
}

/** What one broker says of itself. */
export interface BrokerPage {
  readonly broker: BrokerBody
  /** Null: see `problem`. */
  readonly metrics: MetricSamples | null
  /** Why it could not be asked; empty: it answered. */
  readonly problem: string
}

/** Asks brokers at their own addresses, all at the same time. */
export class BrokerPages {
  readonly #asking: PageAsking
  readonly #scheme: string

  constructor(asking: PageAsking) {
    this.#asking = asking
    this.#scheme = asking.connection.servers.some((server) => server.startsWith('https:')) ? 'https' : 'http'
  }

  addressOf({ http }: BrokerBody): string {
    return `${this.#scheme}://${http}`
  }

  /** `ofPartitions`: with the series of each partition, which can be megabytes. */
  metrics(brokers: readonly BrokerBody[], ofPartitions: boolean): Promise<BrokerPage[]> {
    const path = ofPartitions ? '/metrics' : '/metrics?partitions=false'
    return Promise.all(
      brokers.map(async (broker) => {
        const found = await this.#get(broker, path)
        if (typeof found === 'string') return { broker, metrics: null, problem: found }
        return { broker, metrics: new MetricSamples(found.text), problem: '' }
      }),
    )
  }

  /** The cluster as this broker sees it. A text says why it is not known. */
  async cluster(broker: BrokerBody): Promise<ClusterBody | string> {
    const found = await this.#get(broker, '/cluster')
    if (typeof found === 'string') return found
    const body = jsonOf(found.text) as ClusterBody | null | undefined
    return Array.isArray(body?.brokers) ? body : 'its answer to /cluster is none of a broker'
  }

  /** A text says why they are not known. */
  async topics(broker: BrokerBody): Promise<readonly TopicSummaryBody[] | string> {
    const found = await this.#get(broker, '/topics')
    if (typeof found === 'string') return found
    const body = jsonOf(found.text) as { readonly topics?: TopicSummaryBody[] } | null | undefined
    return Array.isArray(body?.topics) ? body.topics : 'its answer to /topics is none of a broker'
  }

  /** Also of an answer that says no. A text says why there is none. */
  async readiness(broker: BrokerBody): Promise<{ readonly ready: boolean; readonly reason: string } | string> {
    const found = await this.#send(broker, '/readyz')
    if (typeof found === 'string') return found
    const { ready, reason } = (jsonOf(found.text) ?? {}) as { ready?: unknown; reason?: unknown }
    if (typeof ready === 'boolean') return { ready, reason: String(reason ?? '') }
    return `it answered /readyz with status ${found.status}`
  }

  /** The broker's clock minus this machine's, in milliseconds, to about a second; null: not known. */
  async clockAhead(broker: BrokerBody): Promise<number | null> {
    const { clock } = this.#asking
    const before = clock.now()
    const found = await this.#send(broker, '/healthz')
    if (typeof found === 'string' || found.date === undefined) return null
    // A header of whole seconds names one that began up to a second before.
    return Math.round(found.date + 500 - (before + clock.now()) / 2)
  }

  /** The text of a success; else a sentence that says why not. */
  async #get(broker: BrokerBody, path: string): Promise<HttpReply | string> {
    const found = await this.#send(broker, path)
    if (typeof found === 'string' || found.status === 200) return found
    const { message } = (jsonOf(found.text) ?? {}) as { message?: unknown }
    return `it answered ${path} with status ${found.status}${typeof message === 'string' ? `: ${message}` : ''}`
  }

  async #send(broker: BrokerBody, path: string): Promise<HttpReply | string> {
    const { connection, send, clock, signal, answerMs } = this.#asking
    const server = this.addressOf(broker)
    const ended = new AbortController()
    try {
      const authorization = authorizationFor(server, connection.credential)
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const any = AbortSignal.any([signal, ended.signal])
      const sent = send({ method: 'GET', url: server + path, headers, signal: any, maxBytes: MOST_BYTES })
      const late = () => `it did not answer within ${answerMs / 1000} s`
      return await withDeadline<HttpReply | string>(clock, answerMs, sent, late)
    } catch (error) {
      signal.throwIfAborted()
      return (error as Error).message
    } finally {
      ended.abort()
    }
  }
}
