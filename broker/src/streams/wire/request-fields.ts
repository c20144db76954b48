import type { Message, StreamRequestFields, StreamRequestName } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StreamRequest, SubscriptionRequest } from '../../api/streams-api.ts'
import type { SubscriptionAct } from '../../api/subscriptions-api.ts'
import { isStreamRequest } from './request-checks.ts'
import { isSubscriptionAct } from './subscription-checks.ts'

type Kind = StreamRequest['kind']
type RequestFields = Pick<Message<'Stream'>, 'path' | 'request'>

const NAMESPACE = 'tailrace.streams.'
const names = {
  create: 'Create',
  append: 'Append',
  read: 'Read',
  wait: 'Wait',
  head: 'Head',
  delete: 'Delete',
  lend: 'Lend',
  'give-back': 'GiveBack',
  place: 'Place',
  exists: 'Exists',
  subscription: 'Subscription',
} as const satisfies Readonly<Record<Kind, StreamRequestName>>
const kinds: ReadonlyMap<string, string> = new Map(Object.entries(names).map(([kind, name]) => [name, kind]))

/** A request as it is sent to the leader of the stream. */
export function streamRequestFields(asked: StreamRequest): RequestFields {
  const { kind, path, ...fields } = asked.kind === 'subscription' ? withText(asked) : asked
  return { path, request: { [NAMESPACE + names[kind]]: fields } as unknown as StreamRequestFields }
}

/**
 * What another broker has asked.
 * @throws TailraceError INVALID_REQUEST; UNSUPPORTED_MESSAGE: only a newer version knows this request
 */
export function streamRequestOf(fields: RequestFields): StreamRequest {
  const [name, kind] = kindOf(fields)
  if (kind === undefined) {
    throw new TailraceError('UNSUPPORTED_MESSAGE', `The request "${name}" about a stream is not known here.`)
  }
  const asked = checkedStreamRequest(fields)
  const isWhole = asked.kind !== 'subscription' || isSubscriptionAct(asked.act)
  if (isWhole && isStreamRequest(asked)) return asked
  throw new TailraceError('INVALID_REQUEST', `A field of the request "${kind}" about a stream is missing or wrong.`)
}

/** Of fields from which `streamRequestOf` has made a request before. */
export function checkedStreamRequest(fields: RequestFields): StreamRequest {
  const [content] = Object.values(fields.request)
  const asked = { kind: kindOf(fields)[1], path: fields.path, ...content } as unknown as StreamRequest
  return asked.kind === 'subscription' ? { ...asked, act: actOf(asked.act as unknown as string) } : asked
}

function withText({ act, ...asked }: SubscriptionRequest) {
  return { ...asked, act: JSON.stringify(act) }
}

/** What is no JSON is no act: `isSubscriptionAct` says so. */
function actOf(text: string): SubscriptionAct {
  try {
    return JSON.parse(text) as SubscriptionAct
  } catch {
    return null as never
  }
}

function kindOf({ request }: RequestFields): readonly [name: string, kind: string | undefined] {
  const [name = ''] = Object.keys(request)
  return [name.slice(0, 100), kinds.get(name.slice(NAMESPACE.length))]
}
