import { type BrokerId, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { givenCredentials, httpCalls } from '#parts'
import { prepareTls } from '#socket'
import { BrokerChoice } from './broker-choice.ts'
import type { ClientOptions } from './client-options.ts'
import type { Connection, Reply, RequestFields, RequestName } from './connection.ts'
import { ConnectionPool } from './connection-pool.ts'
import { type ConnectionStatus, type StatusListener, StatusWatch } from './connection-status.ts'
import { orAborted } from './delay.ts'
import type { HttpAccess, HttpCall } from './http/http-call.ts'
import { loggerOf } from './logger.ts'
import { Metadata, type TopicRoute } from './metadata/metadata.ts'
import { LOOKUP_TIMEOUT_MS, TopicLookup } from './metadata/topic-lookup.ts'
import { type ConnectOptions, checkTimeout, notReached, REACH_MS } from './reach.ts'
import { withRetries } from './retries.ts'
import { serverAddresses, toldAddress } from './server-address.ts'
import { checkClientId, wholeNumbers } from './settings.ts'
import { wrong } from './socket/tls-options.ts'
import { type ClientSurroundings, surroundingsOf } from './surroundings.ts'

/** A way to a partition. `direct`: to its leader; otherwise to a broker that forwards. */
export interface Route {
  readonly connection: Connection
  readonly direct: boolean
}

/** The largest frame taken from a broker; brokers send far smaller ones. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** What producer and consumer share: connections to the cluster, and where its partitions are led. */
export class Client {
  readonly surroundings: ClientSurroundings
  readonly metadata: Metadata
  readonly #servers: readonly string[]
  readonly #scheme: string
  readonly #rack: string
  readonly #pool: ConnectionPool
  readonly #status: StatusWatch
  readonly #access: HttpAccess
  readonly #choice: BrokerChoice
  readonly #lookup: TopicLookup
  readonly #closing = new AbortController()

  /** `rack`: where this program stands; empty: not told. @throws TailraceError INVALID_SETTING */
  constructor(options: ClientOptions, rack = '') {
    const surroundings = surroundingsOf(options.surroundings)
    this.surroundings = surroundings
    this.#rack = rack
    this.metadata = new Metadata(surroundings)
    this.#servers = serverAddresses(options.servers)
    const isSecure = this.#servers.some((server) => server.startsWith('wss:'))
    // A program that asks for TLS gets it at every broker, also at those that it is told of.
    this.#scheme = isSecure ? 'wss' : 'ws'
    const tls = isSecure || options.tls !== undefined ? prepareTls(options.tls) : undefined
    if (!isSecure && tls !== undefined) throw wrong('none of the servers has a wss:// address.')
    const credentials = givenCredentials(options.credentials)
    const clientId = checkClientId(options.clientId)
    this.#access = { credentials, clientId, tls, surroundings }
    const max = 3_600_000
    this.#status = new StatusWatch(this.#servers, loggerOf(options.logger), surroundings)
    const { metadataMaxAgeMs, ...times } = wholeNumbers(options, {
      connectTimeoutMs: [3_000, 1, max],
      silenceMs: [1_000, 10, max],
      metadataMaxAgeMs: [15_000, 10, max],
    })
    const settings = { ...times, maxFrameBytes: MAX_FRAME_BYTES, ...this.#access }
    this.#pool = new ConnectionPool(settings, this.#status)
    const known = () => [...new Set([...this.#servers, ...this.metadata.addresses()])]
    this.#choice = new BrokerChoice(known, this.#pool, Math.floor(surroundings.random() * 1024))
    this.#lookup = new TopicLookup({
      metadata: this.metadata,
      choice: this.#choice,
      pool: this.#pool,
      scheme: this.#scheme,
      maxAgeMs: metadataMaxAgeMs,
      isKnown: options.credentials !== undefined,
      surroundings,
      closing: this.#closing.signal,
    })
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  get status(): ConnectionStatus {
    return this.#status.status
  }

  on(_event: 'status', listener: StatusListener): void {
    this.#status.add(listener)
  }

  off(_event: 'status', listener: StatusListener): void {
    this.#status.remove(listener)
  }

  /**
   * Resolves when a broker has answered; at the latest `timeoutMs` after the call it fails.
   * @throws TailraceError CONNECTION_LOST: none of the servers was reached, with the reason of each; what a broker
   * answers that no further attempt would change, such as AUTHENTICATION_FAILED; CLOSED, ABORTED
   */
  async reach({ timeoutMs = REACH_MS, signal }: ConnectOptions = {}): Promise<void> {
    checkTimeout(timeoutMs)
    await withRetries(this.surroundings, this.#closing.signal, { timeoutMs, ...(signal && { signal }) }, async () => {
      await this.refresh()
      return true
    }).catch((error) => {
      throw error.code === 'TIMED_OUT' ? notReached(this.#servers, timeoutMs, this.#pool) : error
    })
  }

  /**
   * Where a topic's partitions are, asking until a broker answers. `create`: brokers may create it, if they are told to
   * create what is published to.
   * @throws TailraceError UNKNOWN_TOPIC; AUTHENTICATION_REQUIRED, AUTHENTICATION_FAILED, AUTHORIZATION_FAILED;
   * TIMED_OUT after `timeoutMs`; CLOSED, ABORTED
   */
  topic(name: string, options: { timeoutMs: number; signal?: AbortSignal; create?: boolean }): Promise<TopicRoute> {
    return this.#lookup.topic(name, options)
  }

  /** The open connection to the partition's leader as far as both are known; for hot paths. */
  peekRoute(topic: string, partition: PartitionNumber): Connection | undefined {
    const address = this.metadata.leaderAddress(topic, partition)
    return address === undefined ? undefined : this.#pool.peek(address)
  }

  /**
   * A connection to the partition's leader, or, where that cannot be reached, to any broker, which will forward. One
   * attempt.
   * @throws TailraceError LEADER_UNAVAILABLE, CONNECTION_LOST (both: refresh and try again), UNKNOWN_TOPIC,
   * UNKNOWN_PARTITION, CLOSED
   */
  async route(topic: string, partition: PartitionNumber): Promise<Route> {
    const known = this.metadata.topic(topic)
    if (known === undefined) await this.refresh([topic])
    const address = this.metadata.leaderAddress(topic, partition)
    if (address === undefined) {
      const found = this.metadata.topic(topic)
      if (found === undefined) throw this.#lookup.missing(topic)
      if (partition >= found.leaders.length)
        throw new TailraceError('UNKNOWN_PARTITION', `"${topic}" has no partition ${partition}.`)
      throw new TailraceError('LEADER_UNAVAILABLE', `"${topic}" partition ${partition}.`)
    }
    if (!this.#pool.isCoolingDown(address)) {
      try {
        return { connection: await this.#pool.get(address), direct: true }
      } catch {
        // Perhaps only the brokers can reach its address, or it may be gone: another broker knows.
      }
    }
    return { connection: await this.#choice.any(), direct: false }
  }

  /**
   * A connection to this very broker. One attempt.
   * @throws TailraceError UNKNOWN_BROKER, CONNECTION_LOST, CLOSED
   */
  async broker(id: BrokerId): Promise<Connection> {
    const address = this.metadata.brokerAddress(id)
    if (address === undefined) throw new TailraceError('UNKNOWN_BROKER', `${id}.`)
    return this.#pool.get(address)
  }

  /** Whether the broker stands in this program's rack. */
  isOfOwnRack(id: BrokerId): boolean {
    return this.#rack !== '' && this.metadata.rackOf(id) === this.#rack
  }

  /** Of the connection to the broker; undefined: none is open. */
  openedInMs(id: BrokerId): number | undefined {
    return this.#pool.peek(this.metadata.brokerAddress(id) ?? '')?.openedInMs
  }

  /**
   * Asks a broker where `topics`, and all topics looked up before, are led now. Calls share a request that is under
   * way.
   * @throws TailraceError CONNECTION_LOST, TIMED_OUT when no broker answers; CLOSED
   */
  refresh(topics: readonly string[] = []): Promise<void> {
    return this.#lookup.refresh(topics)
  }

  /**
   * Sends a request that any broker can answer, to one after the other until one does.
   * @throws TailraceError what is not retriable; TIMED_OUT after `timeoutMs`; CLOSED, ABORTED
   */
  call<Name extends RequestName>(
    name: Name,
    fields: RequestFields<Name>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Reply<Name>> {
    return withRetries(this.surroundings, this.#closing.signal, options, async () => {
      return this.ask(name, fields, { timeoutMs: Math.min(options.timeoutMs, 2 * LOOKUP_TIMEOUT_MS) })
    })
  }

  /**
   * One attempt of {@link call}. After one that has failed, another broker is asked first. `onSend`: told which
   * connection carries the request, before it leaves.
   * @throws TailraceError what the broker answers; CONNECTION_LOST, TIMED_OUT, CLOSED, ABORTED
   */
  ask<Name extends RequestName>(
    name: Name,
    fields: RequestFields<Name>,
    options: { timeoutMs: number; signal?: AbortSignal; onSend?: ((connection: Connection) => void) | undefined },
  ): Promise<Reply<Name>> {
    return this.#choice.ask((connection) => {
      options.onSend?.(connection)
      return connection.request(name, fields, options)
    })
  }

  /**
   * A request of the HTTP API, to one broker after the other until one answers. Resolves with its JSON. `attemptMs`:
   * how long one broker may take; default: as long as is left.
   * @throws TailraceError what is not retriable; TIMED_OUT after `timeoutMs`; CONNECTION_LOST or TIMED_OUT before,
   * where it may have been carried out and is not repeatable; CLOSED, ABORTED
   */
  async overHttp(
    call: HttpCall,
    options: { timeoutMs: number; attemptMs?: number; signal?: AbortSignal },
  ): Promise<unknown> {
    const closing = this.#closing.signal
    const { attemptOf } = await httpCalls(
      options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]),
    )
    const attempt = attemptOf(call, options, this.#access)
    const outcome = await withRetries(this.surroundings, closing, options, () =>
      this.#choice.ask(({ address }) => orAborted(attempt(address), options.signal)),
    )
    if ('error' in outcome) throw outcome.error
    return outcome.answer
  }

  /**
   * A connection to this very address. One attempt.
   * @throws TailraceError CONNECTION_LOST, CLOSED, or why the broker refuses it
   */
  connect(address: string): Promise<Connection> {
    return this.#pool.get(address)
  }

  /** Of a broker that tells this host:port of itself; undefined where no connection to it could be tried. */
  addressOf(http: string): string | undefined {
    return toldAddress(`${this.#scheme}://${http}`)
  }

  /** Asks the brokers at `first` before all others from now on, and those at `last` when no other answers. */
  prefer(first: readonly string[], last: readonly string[]): void {
    this.#choice.prefer(first, last)
  }

  /** See ConnectionPool. */
  closeIdle(keep: readonly string[]): void {
    this.#pool.closeIdle(keep)
  }

  /** Calls `listener` after each change of the metadata. Returns how to stop. */
  onMetadataChange(listener: () => void): () => void {
    return this.#lookup.onChange(listener)
  }

  /** Closes all connections. Calls under way fail with CLOSED. */
  close(): void {
    this.#lookup.close()
    this.#closing.abort(new TailraceError('CLOSED'))
    this.#pool.close()
    this.#status.closed()
  }
}
