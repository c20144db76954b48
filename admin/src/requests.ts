import { type Client, delay, type HttpCall, orAborted, retryBackoff } from '@tailrace/client'
import { askLeader } from '@tailrace/client/ask-leader'
import { type Message, type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import { knowReadMessages } from '@tailrace/schemas/read-messages'

/** A broker that has not answered a read by then has no answer: another one is asked. */
const READ_MS = 10_000

export interface RequestLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The requests of one call of an administrator, which end together: after `timeoutMs`, or with the signal. */
export class Requests {
  readonly #client: Client
  readonly #signal: AbortSignal
  readonly #deadline: number

  constructor(client: Client, { timeoutMs, signal }: RequestLimits) {
    knowReadMessages()
    this.#client = client
    this.#signal = signal
    this.#deadline = client.surroundings.monotonic() + timeoutMs
  }

  /** What changes nothing. @throws TailraceError as Client.overHttp */
  read(path: string): Promise<unknown> {
    const attemptMs = Math.min(READ_MS, this.#left)
    return this.#client.overHttp({ method: 'GET', path, isRepeatable: true }, { ...this.#limits, attemptMs })
  }

  /** A list of an answer. @throws TailraceError as {@link read} */
  async list<Item>(path: string, name: string): Promise<readonly Item[]> {
    const found = ((await this.read(path)) as Record<string, unknown> | undefined)?.[name]
    if (!Array.isArray(found)) throw this.strange(name)
    return found as Item[]
  }

  /** A change that may be made twice. @throws TailraceError as Client.overHttp */
  again(method: HttpCall['method'], path: string, body?: unknown): Promise<unknown> {
    return this.#client.overHttp({ method, path, body, isRepeatable: true }, this.#limits)
  }

  /** A change that is not asked for again once it may have been made. @throws TailraceError as Client.overHttp */
  once(method: HttpCall['method'], path: string, body?: unknown): Promise<unknown> {
    return this.#client.overHttp({ method, path, body, isRepeatable: false }, this.#limits)
  }

  /** The brokers of all levels. @throws TailraceError as Client.call */
  async brokers(): Promise<Message<'BrokersReply'>['brokers']> {
    return (await this.#client.call('Brokers', {}, this.#limits)).fields.brokers
  }

  /** Partitions of a topic, by number. @throws TailraceError UNKNOWN_TOPIC, AUTHORIZATION_FAILED; as Client.topic */
  async partitionsOf(topic: string): Promise<{ readonly topicId: string; readonly count: number }> {
    await orAborted(
      this.#client.refresh([topic]).catch(() => {}),
      this.#signal,
    )
    const { id, leaders } = await this.#client.topic(topic, this.#limits)
    return { topicId: id, count: leaders.length }
  }

  /** Where a position lies, as the leader knows it. @throws TailraceError as askLeader */
  findOffset(
    place: { readonly topic: string; readonly topicId: string; readonly partition: PartitionNumber },
    position: Position,
  ): Promise<{ readonly offset: Offset; readonly logStart: Offset; readonly highWatermark: Offset }> {
    const limits = { ...this.#limits, requestTimeoutMs: READ_MS }
    return askLeader(this.#client, place, 'FindOffset', () => ({ ...place, position }), limits)
  }

  /** Asks until there is an answer. @throws TailraceError as `look`; TIMED_OUT, ABORTED */
  async patiently<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
    const backoff = retryBackoff(this.#client.surroundings)
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      const pause = backoff.next()
      if (pause > this.#left) throw new TailraceError('TIMED_OUT')
      await delay(pause, this.#signal, this.#client.surroundings)
    }
  }

  /** The error for an answer that is not as brokers give it. */
  strange(missing: string): TailraceError {
    return new TailraceError('INTERNAL', `A broker has answered without "${missing}".`)
  }

  get #left(): number {
    return Math.max(1, Math.ceil(this.#deadline - this.#client.surroundings.monotonic()))
  }

  get #limits(): { timeoutMs: number; signal: AbortSignal } {
    return { timeoutMs: this.#left, signal: this.#signal }
  }
}
