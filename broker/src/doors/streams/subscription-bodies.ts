import type { AckWake, SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { offsetFrom } from '../../streams/wire/stream-offset.ts'

const DEFAULT_LEASE_MS = 30_000

/** Bodies of requests about subscriptions, in the words of the protocol, as their schemas have let them pass. */
export interface ConfigBody {
  readonly type: SubscriptionConfig['type']
  readonly pattern?: string
  readonly streams?: readonly string[]
  readonly webhook?: { readonly url: string }
  readonly wake_stream?: string
  readonly lease_ttl_ms?: number
  readonly description?: string
}

export interface WakeBody {
  readonly wake_id: string
  readonly generation: number
}

export interface AckBody extends WakeBody {
  readonly acks?: readonly { readonly stream: string; readonly offset: string }[]
  readonly done?: boolean
}

/** Names are without a slash at either end, and streams in one order: the same wish is the same configuration. */
export function configFrom({
  type,
  pattern,
  streams = [],
  webhook,
  wake_stream,
  ...rest
}: ConfigBody): SubscriptionConfig {
  return {
    type,
    pattern: pattern === undefined ? null : nameFrom(pattern),
    streams: [...new Set(streams.map(nameFrom))].sort(),
    webhook: type === 'webhook' ? (webhook?.url ?? null) : null,
    wakeStream: type === 'pull-wake' && wake_stream !== undefined ? nameFrom(wake_stream) : null,
    leaseMs: rest.lease_ttl_ms ?? DEFAULT_LEASE_MS,
    description: rest.description ?? null,
  }
}

/** By a walk: a pattern for the slashes at the end would begin anew at each slash of a text from outside. */
export function nameFrom(text: string): string {
  let [start, end] = [0, text.length]
  while (text[start] === '/') start += 1
  while (end > start && text[end - 1] === '/') end -= 1
  return text.slice(start, end)
}

/** @throws TailraceError INVALID_REQUEST */
export function ackFrom({
  wake_id,
  generation,
  acks = [],
  done = false,
}: AckBody): Pick<AckWake, 'wake' | 'generation' | 'acks' | 'done'> {
  const offsets = acks.map(({ stream, offset }) => ({ stream: nameFrom(stream), offset: offsetFrom(offset, 'offset') }))
  return { wake: wake_id, generation, acks: offsets, done }
}
