import type { SubscriptionAct, SubscriptionAnswer } from '../../api/subscriptions-api.ts'
import { idOfSubscription } from '../../api/subscriptions-api.ts'
import { offsetText } from '../wire/stream-offset.ts'
import type { Link } from './links.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

/** The codes of the protocol, with their statuses. */
const statuses = {
  INVALID_REQUEST: 400,
  WEBHOOK_URL_REJECTED: 400,
  TOKEN_INVALID: 401,
  SUBSCRIPTION_NOT_FOUND: 404,
  SUBSCRIPTION_ALREADY_EXISTS: 409,
  FENCED: 409,
  ALREADY_CLAIMED: 409,
  NO_PENDING_WORK: 409,
  INVALID_OFFSET: 409,
} as const

export function failure(code: keyof typeof statuses, message: string, more: object = {}): SubscriptionAnswer {
  return { status: statuses[code], body: { error: { code, message, ...more } } }
}

export function done(body: object | null = null): SubscriptionAnswer {
  return { status: body === null ? 204 : 200, body }
}

/** To what is asked of a subscription that is not there. */
export function unknownSubscription({ act }: SubscriptionAct): SubscriptionAnswer {
  if (act === 'list') return done({ subscriptions: [] })
  return act === 'delete' ? done() : failure('SUBSCRIPTION_NOT_FOUND', 'There is no such subscription.')
}

export function pathsBase(record: SubscriptionRecord): string {
  return `${record.base}__ds/subscriptions/${encodeURIComponent(idOfSubscription(record.path))}`
}

/** A stream in a wake. */
export function wokenStream({ stream, explicit, acked, tail }: Link): object {
  return {
    path: stream,
    link_type: explicit ? 'explicit' : 'glob',
    acked_offset: offsetText(acked),
    tail_offset: offsetText(tail),
    has_pending: tail > acked,
  }
}

/** `kid`: of the key that signs now; null: webhooks are off. `next`: there are links behind this one; null: none. */
export function described(
  record: SubscriptionRecord,
  links: readonly Link[],
  { kid, next }: { readonly kid: string | null; readonly next: string | null },
): object {
  const { config, wake, failures } = record
  const id = idOfSubscription(record.path)
  const signing = kid === null ? {} : { signing: { alg: 'ed25519', kid, jwks_url: `${record.base}__ds/jwks.json` } }
  return {
    id,
    subscription_id: id,
    type: config.type,
    pattern: config.pattern,
    streams: links.map(({ stream, explicit, acked }) => ({
      path: stream,
      link_type: explicit ? 'explicit' : 'glob',
      acked_offset: offsetText(acked),
    })),
    ...(next !== null && { next_after: next }),
    webhook: config.webhook === null ? null : { url: config.webhook, ...signing },
    wake_stream: config.wakeStream,
    lease_ttl_ms: config.leaseMs,
    created_at: new Date(record.createdAt).toISOString(),
    status: wake !== null && failures > 0 ? 'failed' : 'active',
    description: config.description,
  }
}
