import type { Operation, Resource } from '../../api/security-api.ts'
import { CLUSTER_NAME } from '../../api/security-api.ts'
import type { StreamRequest, SubscriptionRequest } from '../../api/streams-api.ts'
import { STREAMS_TOPIC } from '../../api/streams-api.ts'
import type { SubscriptionAct } from '../../api/subscriptions-api.ts'
import type { Needed } from './forwarded.ts'

const operations = {
  create: 'create',
  append: 'write',
  read: 'read',
  wait: 'read',
  head: 'describe',
  delete: 'delete',
} as const satisfies Partial<Record<StreamRequest['kind'], Operation>>

const ofSubscriptions = {
  put: 'create',
  get: 'describe',
  delete: 'delete',
  link: 'alter',
  unlink: 'alter',
  claim: 'read',
} as const satisfies Partial<Record<SubscriptionAct['act'], Operation>>

/**
 * A subscription has a name among streams, and rules hold for it as for these. Its streams are looked at, and shown,
 * for the client that has made it, each time anew; so it may be given the name of any other one. Acks and releases show
 * a token of the subscription itself; of a list each client gets what it may describe.
 */
function subscriptionNeeds({ path, act }: SubscriptionRequest): readonly Needed[] {
  if (act.act === 'ack' || act.act === 'release' || act.act === 'list') return []
  const operation = (ofSubscriptions as Partial<Record<SubscriptionAct['act'], Operation>>)[act.act]
  if (operation === undefined) return [byBrokers]
  const { streams, wakeStream } = act.act === 'put' ? act.config : { streams: [], wakeStream: null }
  const reads = streams.map((stream): Needed => ['read', streamResource(stream)])
  const writes: readonly Needed[] = wakeStream === null ? [] : [['write', streamResource(wakeStream)]]
  return [[operation, streamResource(path)], ...reads, ...writes]
}

const byBrokers: Needed = ['cluster-action', { type: 'cluster', name: CLUSTER_NAME }]

/** What a client needs for a request about a stream: all of these. A fork shows what its source has. */
export function streamNeeds(request: StreamRequest): readonly Needed[] {
  if (request.kind === 'subscription') return subscriptionNeeds(request)
  const operation = (operations as Partial<Record<StreamRequest['kind'], Operation>>)[request.kind]
  // Brokers ask this of each other.
  if (operation === undefined) return [byBrokers]
  const needed: Needed = [operation, streamResource(request.path)]
  const source = request.kind === 'create' ? (request.fork?.source ?? null) : null
  return source === null ? [needed] : [needed, ['read', streamResource(source)]]
}

/**
 * A stream counts as a topic, so that rules of every kind hold for it: `__streams.`, and its path with dots for
 * slashes. Each other byte that is no letter, digit or hyphen is `_` and two hexadecimal digits, so no two streams
 * share a name.
 */
export function streamResource(path: string): Resource {
  const encoded = Array.from(new TextEncoder().encode(path), nameOfByte).join('')
  return { type: 'topic', name: `${STREAMS_TOPIC}.${encoded}` }
}

function nameOfByte(byte: number): string {
  const character = String.fromCharCode(byte)
  if (/[A-Za-z0-9-]/.test(character)) return character
  return character === '/' ? '.' : `_${byte.toString(16).padStart(2, '0')}`
}
