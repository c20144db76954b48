import { TailraceError } from '@tailrace/schemas'
import type { StreamRequest, StreamResult } from '../../api/streams-api.ts'
import type { SubscriptionAct, SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { subscriptionPath } from '../../api/subscriptions-api.ts'
import { isPublicAddress } from '../../platform/node/webhooks/public-address.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { SigningKey, WebhookAnswer, WebhookPort } from '../../platform/webhook-port.ts'
import { Webhooks } from '../subscriptions/webhooks.ts'
import { isStreamRequest } from '../wire/request-checks.ts'
import { ManualPartition } from './manual-partition.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies of JSON
type Body = any

const key: SigningKey = { kid: 'ds_a', jwk: {}, sign: () => new Uint8Array(64) }
const type = 'application/json'
const settings = { pattern: 'events/*', streams: [], leaseMs: 10_000, description: null } as const

export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: Body
}

/** Woken by events in the stream `wakes`. */
export const pullWake: SubscriptionConfig = { ...settings, type: 'pull-wake', webhook: null, wakeStream: 'wakes' }
export const webhook: SubscriptionConfig = {
  ...settings,
  type: 'webhook',
  webhook: 'https://hooks.example/a',
  wakeStream: null,
}

/**
 * Partitions of durable streams with subscriptions, and a receiver of webhooks. A name that ends with a digit is in the
 * partition of this number, any other one in the first.
 */
export class TestSubscriptions {
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly partitions: ManualPartition[] = []
  /** What was sent to the receiver. */
  readonly requests: WebhookRequest[] = []
  /** What the receiver answers. */
  reply = async (_signal: AbortSignal): Promise<WebhookAnswer> => ({ status: 200, text: '' })
  /** Whether a stream may be read, and appended to. */
  allowed = (_stream: string): boolean => true

  private constructor() {}

  static async open(count = 1, keys: readonly SigningKey[] = [key]): Promise<TestSubscriptions> {
    const world = new TestSubscriptions()
    const { clock, partitions } = world
    const post: WebhookPort['post'] = (_address, headers, text, signal) => {
      world.requests.push({ headers, text, body: JSON.parse(text) })
      return world.reply(signal)
    }
    for (let at = 0; at < count; at++) {
      const partition = await ManualPartition.open(clock)
      const port = { isPublic: isPublicAddress, post }
      partition.subscriptions = {
        ...partition.subscriptions,
        webhooks: new Webhooks({ port, hosts: ['hooks.example'], keys, clock }),
        may: (_who, _operation, stream) => world.allowed(stream),
        partitionOf: (path) => partitionOf(path, count),
        partitions: count,
      }
      partition.home = (request) => {
        // As the broker checks it that has the other partition.
        if (!isStreamRequest(request)) throw new TailraceError('INVALID_REQUEST')
        return world.#home(request)
      }
      partitions.push(partition)
      partition.lead()
    }
    return world
  }

  /** The bodies of the requests. */
  get sent(): Body[] {
    return this.requests.map(({ body }) => body)
  }

  get first(): ManualPartition {
    return this.partitions[0]!
  }

  /** Lets so much time pass, and all happen that follows. */
  async pass(ms = 0): Promise<void> {
    await this.clock.advance(ms)
    for (let turn = 0; turn < 60; turn++) await this.clock.advance(0)
  }

  /** Lets all happen that is needed for an answer without a wait. */
  async ask(request: StreamRequest, text = ''): Promise<{ readonly result: StreamResult; readonly body: Uint8Array }> {
    const asked = this.#home(request).ask(request, new TextEncoder().encode(text))
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    void asked.then(over, over)
    for (let turn = 0; !isOver && turn < 200; turn++) await this.clock.advance(0)
    return isOver ? asked : Promise.reject(new Error('no answer'))
  }

  /** Of the subscription `s`, unless another is named. */
  async about(act: SubscriptionAct, id = 's'): Promise<{ readonly status: number; readonly body: Body }> {
    const { result } = await this.ask({ kind: 'subscription', path: subscriptionPath(id), act })
    return (result as StreamResult & { readonly kind: 'subscription' }).answer
  }

  put(config: SubscriptionConfig, id = 's'): Promise<{ readonly status: number; readonly body: Body }> {
    return this.about({ act: 'put', config, base: 'https://streams.example/streams/', owner: null }, id)
  }

  claim(id = 's', worker = 'w'): Promise<{ readonly status: number; readonly body: Body }> {
    return this.about({ act: 'claim', worker }, id)
  }

  async create(path: string, text = ''): Promise<void> {
    const lifetime = { ttl: -1, expiresAt: -1 }
    await this.ask({ kind: 'create', path, type, ...lifetime, closed: false, fork: null, mark: '' }, text)
  }

  /** Resolves with the end of the stream. */
  async append(path: string, text = '1,'): Promise<number> {
    const { result } = await this.ask({ kind: 'append', path, type, close: false, seq: null, producer: null }, text)
    return (result as { readonly tail: number }).tail
  }

  /** In the stream of wakes. */
  async events(): Promise<readonly Body[]> {
    return JSON.parse(`[${(await this.textOf('wakes')).slice(0, -1)}]`)
  }

  async textOf(path: string): Promise<string> {
    const asked = { kind: 'read', path, id: '', offset: -1, upTo: -1, maxBytes: 1_000_000 } as const
    return new TextDecoder().decode((await this.ask(asked)).body)
  }

  #home(request: StreamRequest): ManualPartition {
    const { act } = request as { readonly act?: SubscriptionAct }
    const isNamed = act !== undefined && 'partition' in act
    return this.partitions[isNamed ? act.partition : partitionOf(request.path, this.partitions.length)]!
  }
}

function partitionOf(path: string, count: number): number {
  const digit = Number(path.at(-1))
  return digit < count ? digit : 0
}
